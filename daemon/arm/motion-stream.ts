import { type ClearHome, clearHome } from "../motion/clear-home.js";
import type { StepRules } from "../motion/clear-step.js";
import { type HomePlan, homePosition, homeReached, planHome } from "../motion/home-plan.js";
import type { Demand } from "../motion/limiter.js";
import { type MotionState, movedTo, standingAt } from "../motion/motion-state.js";
import { atPace } from "../motion/path-pace.js";
import { type StoppingRamp, stoppingRamp } from "../motion/stopping-ramp.js";
import { demandAt, gripperDue, isExhausted, takeChunk, targetsAhead } from "../motion/timeline.js";
import { backInside } from "../motion/way-back.js";
import type { Chunk } from "../types/chunk.js";
import type { SetpointSource } from "../types/setpoint.js";
import { type Instant, type JointPosition, type JointVector, jointAt, type Seconds } from "../types/units.js";
import { type Demanded, shakenJoint } from "../watch/policy-conditions.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import {
  type Activity,
  type Following,
  further,
  HOLDING,
  type Homing,
  joiningOf,
  joiningPart,
  type Led,
  pathAt,
  SOURCE_OF,
} from "./activity.js";
import { brakingAsLed, followStep, homeStep, leadStep, type Present, type Step, standingStep } from "./next-step.js";
import { type StreamRules, streamRules } from "./stream-rules.js";

/** The next position and who proposes it. */
export interface Proposal {
  readonly source: SetpointSource;
  readonly q: JointVector;
}

/** Closer than this is there, rad; a frame resolves 1.7e-5. */
const ARRIVED = 1e-12;

/** Farther behind than this it is no lag: 6 degrees to brake from 60 degrees/s at 300 degrees/s2, and as much to turn back. */
const LONGEST_LAG = (12 * Math.PI) / 180;

/**
 * The commanded motion from tick to tick: holds, follows chunks or a leader, goes home, ramps down. Proposes; the guard decides
 * elsewhere. The ramp for the present instant is always ready.
 */
export class MotionStream {
  readonly #period: Seconds;
  readonly #rules: StreamRules;
  readonly #slowJump: number;
  readonly #oscillation: ArmLimits["watch"]["oscillation"];
  #state: MotionState;
  #activity: Activity = HOLDING;
  #ramp: StoppingRamp = [];
  #step: Step | null = null;
  #pace = 1;
  /** Nothing was sent since the arm stood: the guard takes the next position for standing, so it has to be. */
  #fresh = true;

  /** Starts standing at `from`, rad. */
  constructor(from: JointPosition, period: Seconds, limits: ArmLimits) {
    this.#period = period;
    this.#slowJump = limits.chunks.slowJump;
    this.#oscillation = limits.watch.oscillation;
    this.#rules = streamRules(limits, period);
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
    const pace = joiningPart(activity) * this.#pace;
    const demand = atPace(demandAt(activity.timeline, pathAt(activity, at, this.#pace)), pace);
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

  /** What the policy asked for in the last proposal; null while nothing is followed. */
  get demanded(): Demanded | null {
    return this.#activity.kind === "following" ? (this.#step?.demanded ?? null) : null;
  }

  /** From now on motion goes along its path at this part of its pace, more than 0 and at most 1 (R2 of the ladder). */
  slowTo(pace: number): void {
    this.#pace = pace;
  }

  /** What is in the straight way of joint space to `target`, in words; null for nothing. */
  wayTo(target: JointVector): string | null {
    const { lowest, highest } = this.#rules.home.limits;
    const beyond = target.findIndex(
      (angle, joint) => !(angle >= jointAt(lowest, joint) && angle <= jointAt(highest, joint)),
    );
    return beyond < 0
      ? this.#clearWay(target, this.#rules.home).blockedBy
      : `J${beyond + 1} would end beyond its limit`;
  }

  /** Goes to `target` in a straight line of joint space, after a `delay` in which it stands. */
  goTo(target: JointVector, delay: Seconds): void {
    this.#activity = {
      kind: "homing",
      plan: this.#clearWay(target, this.#rules.home).plan,
      elapsed: -delay,
      braking: [],
    };
  }

  /**
   * Brings the joints that stand outside their limits back inside, after a `delay` in which it stands; what is in the way, in
   * words, and then it stands; null for nothing.
   */
  recover(delay: Seconds): string | null {
    const target = backInside(this.#state.q, this.#rules.recovered, this.#rules.recover.limits);
    const { plan, blockedBy } = this.#clearWay(target, this.#rules.recover);
    if (blockedBy === null) {
      this.#activity = { kind: "recovering", plan, elapsed: -delay, rate: this.#pace };
    }
    return blockedBy;
  }

  /** It has stood inside the limits again for so long. */
  hasRecovered(standing: Seconds): boolean {
    const activity = this.#activity;
    return activity.kind === "recovering" && homeReached(activity.plan, activity.elapsed - standing);
  }

  /** Follows a chunk from now on; false while a ramp is under way or when nothing of the chunk is left. */
  follow(chunk: Chunk, now: Instant): boolean {
    const activity = this.#activity;
    if (activity.kind !== "holding" && activity.kind !== "following") {
      return false;
    }
    const old = activity.kind === "following" ? activity.timeline : null;
    const from = this.reference(now);
    const timeline = takeChunk(old, chunk, now, from);
    if (timeline === null) {
      return false;
    }
    const braking = activity.kind === "following" ? activity.braking : [];
    this.#activity = {
      kind: "following",
      timeline,
      chunk,
      pathAt: now,
      sentAt: now,
      braking,
      shaken: shakenJoint(chunk, this.#oscillation),
      joining: joiningOf(chunk, from, now, { slowJump: this.#slowJump, limits: this.#rules.policy.limits }),
    };
    return true;
  }

  /** Where it comes to rest if nothing more is asked of it, rad. */
  get restsAt(): JointVector {
    const activity = this.#activity;
    const ramp = activity.kind === "ramping" ? activity.ramp : "braking" in activity ? activity.braking : [];
    return ramp.at(-1) ?? this.#state.q;
  }

  /**
   * Goes where a leader wants it, rad, from whatever motion there is: without a step, and without coming to rest first. A ramp
   * brakes harder than a leader's motion may: it is left once it does not, at its end at last.
   */
  lead(target: JointVector): void {
    const activity = this.#activity;
    switch (activity.kind) {
      case "holding":
        this.#activity = { kind: "led", target, braking: [] };
        break;
      case "ramping": {
        const braking = brakingAsLed(this.#state, this.#rules.teleop);
        this.#activity = braking === null ? activity : { kind: "led", target, braking };
        break;
      }
      case "homing":
      case "following":
      case "led":
        this.#activity = { kind: "led", target, braking: activity.braking };
        break;
      case "recovering":
        // Outside its limits it follows nobody.
        break;
    }
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
    this.#fresh = true;
    this.#ramp = [];
    if (this.#activity.kind === "homing") {
      this.goTo(this.#activity.plan.to, delay);
    } else if (this.#activity.kind === "ramping") {
      this.#activity = HOLDING;
    } else if (this.#activity.kind === "following" || this.#activity.kind === "led") {
      this.#activity = { ...this.#activity, braking: [] };
    }
  }

  /** Proposes the position for the tick that is due at `dueAt`. A plan that is used up turns into a ramp or a hold. */
  propose(dueAt: Instant): Proposal {
    const activity = this.#activity;
    if (activity.kind === "homing" && this.#isHome(activity.plan, activity.elapsed)) {
      this.#activity = HOLDING;
    } else if (activity.kind === "following" && isExhausted(activity.timeline, pathAt(activity, dueAt, this.#pace))) {
      this.rampDown();
    } else if (activity.kind === "ramping" && activity.sent >= activity.ramp.length) {
      this.#activity = HOLDING;
    }
    return { source: this.source, q: this.#next(dueAt) };
  }

  /** Takes note that the proposed position was sent, and makes the ramp for the next instant ready. */
  sent(q: JointVector): void {
    const activity = this.#activity;
    const fresh = this.#fresh;
    this.#fresh = false;
    this.#state = activity.kind === "holding" ? standingAt(q) : movedTo(this.#state, q, this.#period);
    if (activity.kind === "ramping") {
      this.#activity = { ...activity, sent: activity.sent + 1 };
      return;
    }
    const taken = this.#step;
    if (activity.kind === "recovering") {
      this.#activity = fresh ? activity : further(activity, this.#pace, this.#period);
    }
    if (activity.kind === "homing" && taken !== null) {
      this.#activity = { ...activity, elapsed: taken.pathAt, braking: taken.step.braking };
    }
    if (activity.kind === "led" && taken !== null) {
      this.#activity = { ...activity, braking: taken.step.braking };
    }
    if (activity.kind === "following" && taken !== null) {
      this.#activity = { ...activity, pathAt: taken.pathAt, sentAt: taken.dueAt, braking: taken.step.braking };
    }
    this.#ramp = activity.kind === "holding" ? [] : stoppingRamp(this.#state, this.#rules.stop, this.#period);
  }

  /** Chunk targets still ahead. */
  get targetsAhead(): number {
    const activity = this.#activity;
    return activity.kind === "following" ? targetsAhead(activity.timeline, activity.pathAt) : 0;
  }

  /** The gripper opening that the followed chunk asks for now, 0 closed to 1 open; null for no wish. */
  get gripperDue(): number | null {
    const activity = this.#activity;
    return activity.kind === "following" ? gripperDue(activity.timeline, activity.pathAt) : null;
  }

  #next(dueAt: Instant): JointVector {
    const activity = this.#activity;
    switch (activity.kind) {
      case "holding":
        return this.#state.q;
      case "ramping":
        return activity.ramp[activity.sent] ?? this.#state.q;
      case "recovering":
        return this.#fresh
          ? this.#state.q
          : homePosition(activity.plan, further(activity, this.#pace, this.#period).elapsed);
      case "homing":
      case "following":
      case "led":
        this.#step = this.#stepOf(activity, { state: this.#state, dueAt, pace: this.#pace });
        return this.#step.step.q;
    }
  }

  #stepOf(activity: Homing | Following | Led, present: Present): Step {
    const { home, policy, teleop } = this.#rules;
    switch (activity.kind) {
      case "homing":
        return this.#fresh ? standingStep(activity.elapsed, present) : homeStep(activity, present, home);
      case "following":
        return this.#fresh ? standingStep(activity.pathAt, present) : followStep(activity, present, policy);
      case "led":
        return this.#fresh ? standingStep(present.dueAt, present) : leadStep(activity, present, teleop);
    }
  }

  /** The plan has arrived, and so has the motion that follows it. */
  #isHome(plan: HomePlan, elapsed: Seconds): boolean {
    const { q, v } = this.#state;
    const there = q.every((angle, joint) => Math.abs(angle - jointAt(plan.to, joint)) <= ARRIVED);
    return homeReached(plan, elapsed) && there && v.every((speed) => Math.abs(speed) * this.#period <= ARRIVED);
  }

  #clearWay(target: JointVector, { limits, cell }: StepRules): ClearHome {
    return clearHome(planHome(this.#state.q, target, limits), cell);
  }
}
