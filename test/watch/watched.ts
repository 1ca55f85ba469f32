import { ArmWatch, type TickFacts } from "../../daemon/arm/arm-watch.js";
import type { ArmHealth, ArmState, GripperHealth } from "../../daemon/types/arm-state.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import type { Mode } from "../../daemon/types/mode.js";
import { type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import type { Finding } from "../../daemon/watch/finding.js";
import type { ArmLimits } from "../../daemon/watch/watch-limits.js";
import { LIMITS } from "../limits.js";

export const DEGREE = Math.PI / 180;
/** Clear of every bound, J1 to J7. */
export const POSE: JointVector = mapJoints([0, -20, 0, 95, 0, 105, 0], (angle) => angle * DEGREE);
export const WELL: ArmHealth = {
  temperature: [35, 35, 35, 35, 35, 35, 35],
  voltage: [24, 24, 24, 24, 24, 24, 24],
  current: [0.5, 2, 0.5, 1, 0.2, 0.3, 0.1],
  controllerTemperature: 42,
};
export const GRIPPER: GripperHealth = { online: true, errors: 0, commanded: 1, measured: 1, unansweredSince: Infinity };

/** A watch whose arm follows at once, reports every 5 ms, and whose clock only the test moves. */
export class Watched {
  readonly watch: ArmWatch;
  now = 100;
  mode: Mode = "policy";
  /** Of the command, rad/s. */
  speed: JointVector = [0, 0, 0, 0, 0, 0, 0];
  commanded: JointVector = POSE;
  /** Changes of what the arm would report if it followed. */
  state: Partial<ArmState> = {};
  /** Where it is measured; null where it was told to be. */
  measured: ((commanded: JointVector) => JointVector) | null = null;
  facts: Partial<TickFacts> = {};
  /** Everything that was found, each code once. */
  readonly found = new Map<string, Finding>();
  #noise = 0;

  constructor(limits: ArmLimits = LIMITS) {
    this.watch = new ArmWatch(limits, 0.01);
  }

  /** Lets time pass: a report every 5 ms, a tick every 10 ms; `silent` seconds before without any, so that it begins anew. */
  pass(seconds: number, { silent = 0 } = {}): this {
    this.now += silent;
    for (let count = Math.round(seconds / 0.005); count > 0; count--) {
      this.now += 0.005;
      this.commanded = mapJoints(this.commanded, (angle, joint) => angle + jointAt(this.speed, joint) * 0.005);
      this.report();
      if (count % 2 === 0) {
        this.watch.sent(this.commanded, this.now);
        const { mode } = this;
        const told = { demanded: null, stands: false, toldToStand: null };
        const facts = { mode, ...told, gripper: GRIPPER, stateAge: 0.005, lateShare: 0 };
        this.watch.tick({ ...facts, ...this.facts }, this.now);
      }
      this.note();
    }
    return this;
  }

  /** One joint goes over to another speed as hard as it can, 3000 deg/s^2 [V]; the others keep theirs. */
  turnTo(joint: number, degreesPerSecond: number): this {
    const target = degreesPerSecond * DEGREE;
    const step = 15 * DEGREE;
    for (let left = Infinity; left !== 0; ) {
      left = target - jointAt(this.speed, joint);
      const change = Math.max(-step, Math.min(step, left));
      this.speed = mapJoints(this.speed, (speed, index) => (index === joint ? speed + change : speed));
      this.pass(0.005);
    }
    return this;
  }

  /** The arm reports now. */
  report(changes: Partial<ArmState> = {}): boolean {
    // The last digit of a current is never the same twice, as on a real arm.
    this.#noise = (this.#noise + 0.001) % 0.007;
    const health = { ...WELL, current: WELL.current.map((value) => value + this.#noise) };
    const measured = jointPosition(this.measured?.(this.commanded) ?? this.commanded);
    const errors = { systemErrors: [], jointErrors: [0, 0, 0, 0, 0, 0, 0], jointEnabled: [true] };
    const rest = { status: "move_through_joint", health, link: QUIET_LINK, ...errors };
    const state = { receivedAt: this.now, measured, ...rest, ...this.state, ...changes };
    return this.watch.report(state, this.mode, this.now);
  }

  note(): void {
    for (const finding of this.watch.findings) {
      this.found.set(`${finding.code}/${finding.reaction}`, finding);
    }
  }

  /** What was found so far, sorted: code and reaction. */
  get codes(): readonly string[] {
    return [...this.found.keys()].sort();
  }

  /** Ids of what was found. */
  get ids(): ReadonlySet<string> {
    return new Set([...this.found.values()].map(({ id }) => id));
  }
}

/** The same number for one joint, 0 for the others; rad from degrees. */
export function only(joint: number, degrees: number): JointVector {
  return mapJoints(POSE, (_, index) => (index === joint ? degrees * DEGREE : 0));
}

/** One joint of a vector changed by degrees. */
export function shifted(q: JointVector, joint: number, degrees: number): JointVector {
  return mapJoints(q, (angle, index) => (index === joint ? angle + degrees * DEGREE : angle));
}
