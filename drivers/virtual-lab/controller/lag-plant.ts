import type { Clock } from "../../../daemon/ports/clock.js";
import { type JointPosition, jointPosition, type Seconds } from "../../../daemon/types/units.js";
import type { Plant, PlantState } from "../plant.js";

/** A whole stroke of the gripper takes about this long. */
const GRIPPER_STROKE: Seconds = 0.6;

/** A world without physics for tests: joints follow their targets with a first-order lag. */
export class LagPlant implements Plant {
  readonly #clock: Clock;
  readonly #timeConstant: Seconds;
  #q: number[];
  #targets: readonly number[];
  #opening = 1;
  #openingTarget = 1;
  #at: Seconds;

  constructor(clock: Clock, start: JointPosition, timeConstant: Seconds = 0.01) {
    this.#clock = clock;
    this.#timeConstant = timeConstant;
    this.#q = [...start];
    this.#targets = start;
    this.#at = clock.now();
  }

  setTargets(q: JointPosition): void {
    this.#advance();
    this.#targets = q;
  }

  setGripper(opening: number): void {
    this.#advance();
    this.#openingTarget = opening;
  }

  measured(): PlantState {
    this.#advance();
    return { at: this.#at, q: jointPosition(this.#q), torque: [0, 0, 0, 0, 0, 0, 0], gripperOpening: this.#opening };
  }

  #advance(): void {
    const now = this.#clock.now();
    const dt = now - this.#at;
    this.#at = now;
    const part = 1 - Math.exp(-dt / this.#timeConstant);
    this.#q = this.#q.map((angle, i) => angle + ((this.#targets[i] ?? angle) - angle) * part);
    const travel = dt / GRIPPER_STROKE;
    this.#opening += Math.max(-travel, Math.min(travel, this.#openingTarget - this.#opening));
  }
}
