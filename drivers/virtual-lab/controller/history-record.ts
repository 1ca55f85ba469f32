import type { Instant } from "../../../daemon/types/units.js";
import type { Arrival } from "./arrivals.js";

/** Where the arm was at one cycle of the controller. */
export interface ArmCycle {
  readonly at: Instant;
  /** Measured, 0.001 degrees. */
  readonly jointMilliDeg: readonly number[];
}

/** A datagram of the state push that left the controller. */
export interface PushedState {
  readonly at: Instant;
  /** When its content was read; earlier where the line delays. */
  readonly sampledAt: Instant;
}

/** Something that was done to the controller or to its lines. */
export interface Mark {
  readonly at: Instant;
  readonly what: string;
}

/** What the controller saw, stamped outside the daemon; oldest first. */
export interface History {
  readonly commands: readonly Arrival[];
  readonly cycles: readonly ArmCycle[];
  readonly pushes: readonly PushedState[];
  readonly marks: readonly Mark[];
}

/** Cycles kept; 2 minutes. Who wants more takes it in parts. */
const CAPACITY = 24_000;

/** Preallocated rings, because recording must not disturb what it records. */
export class HistoryRecord {
  readonly #cycleAt = new Float64Array(CAPACITY);
  readonly #joints = new Int32Array(CAPACITY * 7);
  readonly #pushAt = new Float64Array(2 * CAPACITY);
  #cycles = 0;
  #pushes = 0;
  #marks: Mark[] = [];

  cycle(at: Instant, jointMilliDeg: readonly number[]): void {
    const slot = this.#cycles % CAPACITY;
    this.#cycleAt[slot] = at;
    for (let joint = 0; joint < 7; joint += 1) {
      this.#joints[slot * 7 + joint] = jointMilliDeg[joint] ?? 0;
    }
    this.#cycles += 1;
  }

  pushed(at: Instant, sampledAt: Instant): void {
    const slot = this.#pushes % CAPACITY;
    this.#pushAt[2 * slot] = at;
    this.#pushAt[2 * slot + 1] = sampledAt;
    this.#pushes += 1;
  }

  mark(at: Instant, what: string): void {
    this.#marks.push({ at, what });
  }

  /** Everything since the last time. */
  take(): Omit<History, "commands"> {
    const cycles: ArmCycle[] = [];
    for (let n = Math.max(0, this.#cycles - CAPACITY); n < this.#cycles; n += 1) {
      const slot = n % CAPACITY;
      const jointMilliDeg = [...this.#joints.subarray(slot * 7, slot * 7 + 7)];
      cycles.push({ at: this.#cycleAt[slot] ?? 0, jointMilliDeg });
    }
    const pushes: PushedState[] = [];
    for (let n = Math.max(0, this.#pushes - CAPACITY); n < this.#pushes; n += 1) {
      const slot = n % CAPACITY;
      pushes.push({ at: this.#pushAt[2 * slot] ?? 0, sampledAt: this.#pushAt[2 * slot + 1] ?? 0 });
    }
    const marks = this.#marks;
    this.#cycles = 0;
    this.#pushes = 0;
    this.#marks = [];
    return { cycles, pushes, marks };
  }
}
