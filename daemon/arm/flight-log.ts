import type { ArmState } from "../types/arm-state.js";
import type { SetpointSource } from "../types/setpoint.js";
import { type Instant, JOINT_COUNT, type JointVector, jointAt } from "../types/units.js";

/** Ticks kept: half a second at 10 ms. */
const KEPT = 50;
/** dueAt, receivedAt of the state, commanded and measured joints. */
const WIDTH = 2 + 2 * JOINT_COUNT;

/** One tick as it was: what was sent and what the arm had reported by then. */
export interface FlightEntry {
  readonly dueAt: Instant;
  readonly source: SetpointSource;
  readonly commanded: readonly number[];
  /** null when the arm had reported nothing yet. */
  readonly stateAt: Instant | null;
  readonly measured: readonly number[];
}

/** The last ticks before a stop, kept without allocating. */
export class FlightLog {
  readonly #numbers = new Float64Array(KEPT * WIDTH);
  readonly #sources: SetpointSource[] = new Array<SetpointSource>(KEPT).fill("hold");
  #count = 0;

  /** Keeps one sent setpoint and the arm state known at that instant. */
  add(dueAt: Instant, source: SetpointSource, commanded: JointVector, arm: ArmState | null): void {
    const slot = this.#count % KEPT;
    const start = slot * WIDTH;
    this.#sources[slot] = source;
    this.#numbers[start] = dueAt;
    this.#numbers[start + 1] = arm === null ? Number.NaN : arm.receivedAt;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      this.#numbers[start + 2 + joint] = jointAt(commanded, joint);
      this.#numbers[start + 2 + JOINT_COUNT + joint] = arm === null ? Number.NaN : jointAt(arm.measured, joint);
    }
    this.#count += 1;
  }

  /** The kept ticks, oldest first. */
  entries(): readonly FlightEntry[] {
    const entries: FlightEntry[] = [];
    for (let index = Math.max(0, this.#count - KEPT); index < this.#count; index++) {
      const slot = index % KEPT;
      const numbers = this.#numbers.slice(slot * WIDTH, (slot + 1) * WIDTH);
      const stateAt = numbers[1] ?? Number.NaN;
      entries.push({
        dueAt: numbers[0] ?? Number.NaN,
        source: this.#sources[slot] ?? "hold",
        commanded: [...numbers.slice(2, 2 + JOINT_COUNT)],
        stateAt: Number.isNaN(stateAt) ? null : stateAt,
        measured: [...numbers.slice(2 + JOINT_COUNT)],
      });
    }
    return entries;
  }
}
