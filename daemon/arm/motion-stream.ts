import { type Limits, type MotionLimits, plannerCell, plannerLimits } from "../guard/limits.js";
import { type ClearHome, clearHome } from "../motion/clear-home.js";
import { type ClearStep, clearStep, type StepRules } from "../motion/clear-step.js";
import { type HomePlan, homePosition, homeReached, planHome } from "../motion/home-plan.js";
import type { Demand } from "../motion/limiter.js";
import { type MotionState, movedTo, standingAt } from "../motion/motion-state.js";
import { type StoppingRamp, stoppingRamp } from "../motion/stopping-ramp.js";
import { demandAt, gripperDue, isExhausted, type Timeline, takeChunk, targetsAhead } from "../motion/timeline.js";
import type { Chunk } from "../types/chunk.js";
import type { SetpointSource } from "../types/setpoint.js";
import { type Instant, type JointPosition, type JointVector, jointAt, type Seconds } from "../types/units.js";

/** What decides the next position. */
type Activity =
  | { readonly kind: "holding" }
  | { readonly kind: "ramping"; readonly ramp: StoppingRamp; readonly sent: number }
  /** `elapsed` counts sent ticks: a tick that was skipped delays the plan, it does not make it jump. */
  | { readonly kind: "homing"; readonly plan: HomePlan; readonly elapsed: Seconds }
  /** `braking` is the way to rest from the position sent last. */
  | { readonly kind: "following"; readonly timeline: Timeline; readonly braking: StoppingRamp };

/** The next position and who proposes it. */
export interface Proposal {
  readonly source: SetpointSource;
  readonly q: JointVector;
}

const SOURCE_OF = { holding: "hold", ramping: "stop", homing: "home", following: "policy" } as const satisfies Record<
  Activity["kind"],
  SetpointSource
>;
const HOLDING: Activity = { kind: "holding" };
/** Farther behind than this it is no lag: 6 degrees to brake from 60 degrees/s at 300 degrees/s2, and as much to turn back. */
const LONGEST_LAG = (12 * Math.PI) / 180;

/**
 * The commanded motion from tick to tick: holds, follows chunks, goes home, ramps down. Proposes; the guard decides
 * elsewhere. The ramp for the present instant is always ready.
 */
export class MotionStream {
  readonly #period: Seconds;
  readonly #rules: StepRules;
  readonly #home: MotionLimits;
  readonly #stop: MotionLimits;
  #state: MotionState;
  #activity: Activity = HOLDING;
  #ramp: StoppingRamp = [];
  /** The step of a followed chunk that is proposed. */
  #step: ClearStep | null = null;

  /** Starts standing at `from`, rad. */
  constructor(from: JointPosition, period: Seconds, limits: Limits) {
    this.#period = period;
    this.#rules = { limits: plannerLimits(limits.policy), cell: plannerCell(limits.cell), period };
    this.#home = plannerLimits(limits.home);
    this.#stop = plannerLimits(limits.stop);
    this.#state = standingAt(from);
  }

  /** The position sent last, rad. */
  get commanded(): JointVector {
    return this.#state.q;
  }

  /**
   * What the followed chunks ask for at an instant, rad and rad/s: ahead of what was sent while bounded acceleration and
   * jerk keep the motion behind. The next chunk goes on from here; if it went on from what was sent, each chunk would take
   * the lag for the policy's wish and answer it with one more. Otherwise, and when the lag is no mere lag, what was sent.
   */
  reference(at: Instant): Demand {
    const activity = this.#activity;
    if (activity.kind !== "following") {
      return this.#state;
    }
    const demand = demandAt(activity.timeline, at);
    const lag = Math.max(...demand.q.map((q, joint) => Math.abs(q - jointAt(this.#state.q, joint))));
    return lag > LONGEST_LAG ? this.#state : demand;
  }

  /** What proposes the present motion. */
  get source(): SetpointSource {
    return SOURCE_OF[this.#activity.kind];
  }

  /** True while nothing moves: safe to begin something else. */
  get still(): boolean {
    return this.#activity.kind === "holding";
  }

  /** What is in the way to `target`, in words; null for nothing. */
  wayHome(target: JointVector): string | null {
    return this.#clearHome(target).blockedBy;
  }

  /** Goes to `target` in a straight line of joint space, after a `delay` in which it stands. */
  goHome(target: JointVector, delay: Seconds): void {
    this.#activity = { kind: "homing", plan: this.#clearHome(target).plan, elapsed: -delay };
  }

  /** Follows a chunk from now on; false while a ramp is under way or when nothing of the chunk is left. */
  follow(chunk: Chunk, now: Instant): boolean {
    const activity = this.#activity;
    if (activity.kind !== "holding" && activity.kind !== "following") {
      return false;
    }
    const old = activity.kind === "following" ? activity.timeline : null;
    const timeline = takeChunk(old, chunk, now, this.reference(now));
    if (timeline === null) {
      return false;
    }
    const braking = activity.kind === "following" ? activity.braking : [];
    this.#activity = { kind: "following", timeline, braking };
    return true;
  }

  /** Plays the ramp that was made ready for this instant. */
  rampDown(): void {
    if (this.#activity.kind !== "ramping") {
      this.#activity = this.#ramp.length === 0 ? HOLDING : { kind: "ramping", ramp: this.#ramp, sent: 0 };
    }
  }

  /** The stream paused so long that the arm stands where it was sent last: whatever goes on starts from rest. */
  restart(delay: Seconds): void {
    this.#state = standingAt(this.#state.q);
    this.#ramp = [];
    if (this.#activity.kind === "homing") {
      this.goHome(this.#activity.plan.to, delay);
    } else if (this.#activity.kind === "ramping") {
      this.#activity = HOLDING;
    } else if (this.#activity.kind === "following") {
      this.#activity = { ...this.#activity, braking: [] };
    }
  }

  /** Proposes the position for the tick that is due at `dueAt`. A plan that is used up turns into a ramp or a hold. */
  propose(dueAt: Instant): Proposal {
    const activity = this.#activity;
    if (activity.kind === "homing" && homeReached(activity.plan, activity.elapsed)) {
      this.#activity = HOLDING;
    } else if (activity.kind === "following" && isExhausted(activity.timeline, dueAt)) {
      this.rampDown();
    } else if (activity.kind === "ramping" && activity.sent >= activity.ramp.length) {
      this.#activity = HOLDING;
    }
    return { source: this.source, q: this.#next(dueAt) };
  }

  /** Takes note that the proposed position was sent, and makes the ramp for the next instant ready. */
  sent(q: JointVector): void {
    const activity = this.#activity;
    this.#state = activity.kind === "holding" ? standingAt(q) : movedTo(this.#state, q, this.#period);
    if (activity.kind === "ramping") {
      this.#activity = { ...activity, sent: activity.sent + 1 };
      return;
    }
    if (activity.kind === "homing") {
      this.#activity = { ...activity, elapsed: activity.elapsed + this.#period };
    }
    if (activity.kind === "following" && this.#step !== null) {
      this.#activity = { ...activity, braking: this.#step.braking };
    }
    this.#ramp = activity.kind === "holding" ? [] : stoppingRamp(this.#state, this.#stop, this.#period);
  }

  /** Chunk targets still ahead. */
  targetsAhead(now: Instant): number {
    return this.#activity.kind === "following" ? targetsAhead(this.#activity.timeline, now) : 0;
  }

  /** The gripper opening that the followed chunk asks for now, 0 closed to 1 open; null for no wish. */
  gripperDue(now: Instant): number | null {
    return this.#activity.kind === "following" ? gripperDue(this.#activity.timeline, now) : null;
  }

  #next(dueAt: Instant): JointVector {
    const activity = this.#activity;
    switch (activity.kind) {
      case "holding":
        return this.#state.q;
      case "ramping":
        return activity.ramp[activity.sent] ?? this.#state.q;
      case "homing":
        return homePosition(activity.plan, activity.elapsed + this.#period);
      case "following":
        this.#step = clearStep(this.#state, activity.braking, demandAt(activity.timeline, dueAt), this.#rules);
        return this.#step.q;
    }
  }

  #clearHome(target: JointVector): ClearHome {
    return clearHome(planHome(this.#state.q, target, this.#home), this.#rules.cell);
  }
}
