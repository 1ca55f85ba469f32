import { type Instant, type JointPosition, jointPosition, type Seconds } from "../../../daemon/types/units.js";
import type { Violations } from "./arrivals.js";
import { along, type Plan } from "./plan.js";
import { STREAM_END, StreamRules } from "./stream-rules.js";

/** A planned motion and what is said about it. */
export interface Segment {
  readonly plan: Plan;
  /** Status word of the push while it runs. */
  readonly status: "move_J" | "move_L" | "move_C" | "move_S";
  /** Answer of get_arm_current_trajectory while it runs. */
  readonly type: "movej" | "movel" | "movec" | "moves";
  /** Called once at the end; `ok` is false when it was broken off by a fault. */
  readonly done: (ok: boolean) => void;
}

/** One frame of a stream. */
export interface StreamFrame {
  readonly q: JointPosition;
  readonly high: boolean;
  readonly status: "move_through_joint" | "move_through_pose" | "movev_canfd";
  /** Filter of trajectory modes 1 and 2: the part of the way to the target taken per frame, 1 for mode 0. */
  readonly smoothing: number;
}

type Activity =
  | { readonly kind: "idle" }
  | { readonly kind: "plan"; readonly segment: Segment; readonly startedAt: Instant }
  | { readonly kind: "stream"; readonly frame: StreamFrame; readonly at: Instant }
  | { readonly kind: "stop"; readonly status: "stop" | "slow_stop" | "pause"; readonly deceleration: number };

const DEGREE = Math.PI / 180;
/** The controller's cycle, also the shortest push period (vendor). */
export const CYCLE: Seconds = 0.005;
/** Deceleration of set_arm_stop and of faults, rad/s^2: twice what the arm accepts as a joint's acceleration. */
const QUICK = 1200 * DEGREE;
/** Deceleration of set_arm_slow_stop and set_arm_pause, rad/s^2. */
const SLOW = 300 * DEGREE;
/** Low follow: 90 % of the way in about 1 s (field measurement), so 2.3/s. */
const LOW_FOLLOW_GAIN = 2.3;
const LOW_FOLLOW_ACCELERATION = 600 * DEGREE;

/** Limits the motion keeps by itself, rad and rad/s. */
export interface MotionLimits {
  readonly minimum: readonly number[];
  readonly maximum: readonly number[];
  readonly maximumSpeed: readonly number[];
}

/** Where the controller wants the joints: planned moves, streams, stops. Time comes from outside. */
export class Motion {
  readonly #rules = new StreamRules();
  readonly #violate: (rule: keyof Violations) => void;
  readonly #limits: () => MotionLimits;
  #activity: Activity = { kind: "idle" };
  #queue: Segment[] = [];
  #paused: Segment | null = null;
  #commanded: number[];
  #velocity: number[] = [0, 0, 0, 0, 0, 0, 0];
  /** High follow: the way from `from` to `target` is spread over `span` from `frameAt` on: a period, or what it takes. */
  #from: readonly number[];
  #target: readonly number[];
  #frameAt: Instant = Number.NEGATIVE_INFINITY;
  #span: Seconds = 2 * CYCLE;
  #period: Seconds = 2 * CYCLE;
  #tickedAt: Instant | null = null;

  /** Non-zero system errors. */
  readonly systemErrors = new Set<number>();
  /** System errors that no datagram has carried yet, also when a motion command has cleared them since. */
  readonly unpushedErrors = new Set<number>();
  /** Error bits, J1 to J7. */
  readonly jointErrors = [0, 0, 0, 0, 0, 0, 0];
  readonly enabled = [true, true, true, true, true, true, true];
  /** True: a collision error stays until cleared (firmware 1.7.4). */
  collisionLatched = false;

  constructor(start: JointPosition, limits: () => MotionLimits, violate: (rule: keyof Violations) => void) {
    this.#commanded = [...start];
    this.#from = start;
    this.#target = start;
    this.#limits = limits;
    this.#violate = violate;
  }

  get commanded(): JointPosition {
    return jointPosition(this.#commanded);
  }

  /** Word of `arm_current_status` in the push. */
  status(): string {
    const activity = this.#activity;
    switch (activity.kind) {
      case "idle":
        return this.#paused === null ? "idle" : "pause";
      case "plan":
        return activity.segment.status;
      case "stream":
        return activity.frame.status;
      case "stop":
        return activity.status;
    }
  }

  /** The running planned motion, if any. */
  get segment(): Segment | null {
    return this.#activity.kind === "plan" ? this.#activity.segment : null;
  }

  /** Queues planned segments and starts them; the arm clears its own system errors with this command. */
  run(segments: readonly Segment[], now: Instant): void {
    this.clearErrorsByMotion();
    this.#queue = [...segments];
    this.#paused = null;
    this.#startNext(now);
  }

  /** Takes one frame of a stream; the arm clears its own system errors with this command. */
  stream(frame: StreamFrame, now: Instant): void {
    this.clearErrorsByMotion();
    this.#queue = [];
    this.#paused = null;
    const before = this.#activity.kind === "stream" ? this.#activity : null;
    if (before === null || before.frame.high !== frame.high) {
      this.#rules.end();
      this.#target = [...this.#commanded];
    }
    const wanted = frame.high ? this.#judged(frame, now) : this.#inside(frame.q);
    if (wanted === null) {
      return;
    }
    const interval = now - this.#frameAt;
    const steady = before !== null && interval <= 4 * CYCLE;
    this.#period = steady ? this.#period * 0.8 + interval * 0.2 : 2 * CYCLE;
    this.#from = [...this.#commanded];
    this.#target = this.#target.map((angle, i) => angle + ((wanted[i] ?? angle) - angle) * frame.smoothing);
    this.#span = Math.max(this.#period, CYCLE, this.#shortestTime(this.#from, this.#target));
    this.#frameAt = now;
    this.#activity = { kind: "stream", frame, at: now };
  }

  /** Decelerates to a hold; queued motion is forgotten, or kept for `resume` when pausing. */
  stop(kind: "stop" | "slow_stop" | "pause"): void {
    if (kind === "pause" && this.#activity.kind === "plan") {
      this.#paused = this.#activity.segment;
    } else if (kind !== "pause") {
      this.#paused = null;
      this.#queue = [];
    }
    this.#rules.end();
    this.#activity = { kind: "stop", status: kind, deceleration: kind === "stop" ? QUICK : SLOW };
  }

  /** The motion that was paused, handed out once. */
  takePaused(): Segment | null {
    const segment = this.#paused;
    this.#paused = null;
    return segment;
  }

  /** Raises a system error: the arm stops quickly and a planned motion fails. */
  fail(code: number): void {
    const failed = this.segment;
    this.stop("stop");
    this.systemErrors.add(code);
    this.unpushedErrors.add(code);
    failed?.done(false);
  }

  clearErrorsByMotion(): void {
    const collision = 0x100d;
    const kept = this.collisionLatched && this.systemErrors.has(collision);
    this.systemErrors.clear();
    if (kept) {
      this.systemErrors.add(collision);
    }
  }

  /** Forgets everything and holds `q`. */
  reset(q: JointPosition): void {
    this.#activity = { kind: "idle" };
    this.#queue = [];
    this.#paused = null;
    this.#commanded = [...q];
    this.#velocity.fill(0);
    this.#rules.end();
    this.systemErrors.clear();
    this.unpushedErrors.clear();
    this.jointErrors.fill(0);
    this.enabled.fill(true);
  }

  /** Advances to `now` and says where the joint drives should be. */
  tick(now: Instant): JointPosition {
    const dt = this.#tickedAt === null ? CYCLE : Math.max(1e-4, now - this.#tickedAt);
    this.#tickedAt = now;
    const wanted = this.#advance(now, dt);
    const { minimum, maximum } = this.#limits();
    for (let i = 0; i < 7; i += 1) {
      const before = this.#commanded[i] ?? 0;
      const blocked = this.jointErrors[i] !== 0 || this.enabled[i] === false;
      const angle = blocked ? before : clamp(wanted[i] ?? before, minimum[i] ?? before, maximum[i] ?? before);
      this.#velocity[i] = (angle - before) / dt;
      this.#commanded[i] = angle;
    }
    return jointPosition(this.#commanded);
  }

  #advance(now: Instant, dt: Seconds): readonly number[] {
    const activity = this.#activity;
    switch (activity.kind) {
      case "idle":
        return this.#commanded;
      case "plan": {
        const elapsed = now - activity.startedAt;
        if (elapsed >= activity.segment.plan.duration) {
          this.#activity = { kind: "idle" };
          this.#startNext(now);
          activity.segment.done(true);
        }
        return along(activity.segment.plan, elapsed);
      }
      case "stream":
        return activity.frame.high ? this.#followHigh(now, activity.at) : this.#followLow(now, dt, activity.at);
      case "stop": {
        const step = activity.deceleration * dt;
        const velocity = this.#velocity.map((v) => Math.sign(v) * Math.max(0, Math.abs(v) - step));
        if (velocity.every((v) => v === 0)) {
          this.#activity = { kind: "idle" };
        }
        return this.#commanded.map((angle, i) => angle + (velocity[i] ?? 0) * dt);
      }
    }
  }

  #followHigh(now: Instant, lastFrameAt: Instant): readonly number[] {
    if (now - lastFrameAt > STREAM_END) {
      this.#activity = { kind: "idle" };
    }
    const s = Math.min(1, (now - this.#frameAt) / this.#span);
    return this.#target.map((angle, i) => (this.#from[i] ?? angle) + (angle - (this.#from[i] ?? angle)) * s);
  }

  #followLow(now: Instant, dt: Seconds, lastFrameAt: Instant): readonly number[] {
    const { maximumSpeed } = this.#limits();
    const far = this.#target.some((angle, i) => Math.abs(angle - (this.#commanded[i] ?? angle)) > 0.01 * DEGREE);
    if (!far && now - lastFrameAt > STREAM_END) {
      this.#activity = { kind: "idle" };
    }
    return this.#target.map((angle, i) => {
      const before = this.#commanded[i] ?? angle;
      const limit = maximumSpeed[i] ?? 0;
      const velocity = this.#velocity[i] ?? 0;
      const change = clamp((angle - before) * LOW_FOLLOW_GAIN, -limit, limit) - velocity;
      return before + (velocity + clamp(change, -LOW_FOLLOW_ACCELERATION * dt, LOW_FOLLOW_ACCELERATION * dt)) * dt;
    });
  }

  /** The frame as far as the rules let it through: refused joints keep their target. */
  #judged(frame: StreamFrame, now: Instant): readonly number[] | null {
    const punctually = this.#tickedAt === null || now - this.#tickedAt < 3 * CYCLE;
    const verdict = this.#rules.judge(now, frame.q, this.#commanded, punctually);
    for (const rule of verdict.broken) {
      this.#violate(rule);
    }
    for (const joint of verdict.refusedJoints) {
      this.jointErrors[joint] = (this.jointErrors[joint] ?? 0) | 0x4000;
    }
    if (verdict.systemError !== 0) {
      this.fail(verdict.systemError);
      return null;
    }
    const inside = this.#inside(frame.q);
    return inside.map((angle, i) => (verdict.refusedJoints.includes(i) ? (this.#target[i] ?? angle) : angle));
  }

  /** How long the joints need at their maximum speeds. */
  #shortestTime(from: readonly number[], to: readonly number[]): Seconds {
    const { maximumSpeed } = this.#limits();
    return Math.max(...to.map((angle, i) => Math.abs(angle - (from[i] ?? angle)) / (maximumSpeed[i] ?? Math.PI)));
  }

  #inside(q: readonly number[]): readonly number[] {
    const { minimum, maximum } = this.#limits();
    return q.map((angle, i) => clamp(angle, minimum[i] ?? angle, maximum[i] ?? angle));
  }

  #startNext(now: Instant): void {
    const segment = this.#queue.shift();
    if (segment !== undefined) {
      this.#activity = { kind: "plan", segment, startedAt: now };
    }
  }
}

function clamp(value: number, minimum: number, maximum: number): number {
  return Math.max(minimum, Math.min(maximum, value));
}
