import { type MotionLimits, plannerCell, plannerLimits } from "../guard/limits.js";
import { type ClearHome, clearHome } from "../motion/clear-home.js";
import { type ClearStep, clearStep, isClear, type StepRules } from "../motion/clear-step.js";
import { type HomePlan, homePosition, homeReached, homeVelocity, planHome } from "../motion/home-plan.js";
import type { Demand } from "../motion/limiter.js";
import { type MotionState, movedTo, standingAt } from "../motion/motion-state.js";
import { atPace, joiningPace, permittedPace } from "../motion/path-pace.js";
import { type StoppingRamp, stoppingRamp } from "../motion/stopping-ramp.js";
import { demandAt, gripperDue, isExhausted, type Timeline, takeChunk, targetsAhead } from "../motion/timeline.js";
import { backInside } from "../motion/way-back.js";
import type { Chunk } from "../types/chunk.js";
import type { SetpointSource } from "../types/setpoint.js";
import {
  type Instant,
  type JointPosition,
  type JointVector,
  jointAt,
  mapJoints,
  type Seconds,
} from "../types/units.js";
import type { Demanded } from "../watch/policy-conditions.js";
import type { ArmLimits } from "../watch/watch-limits.js";

/**
 * Brings joints back inside their limits, and stands at its end until it is told to end. It is on its plan exactly, so that no
 * joint ever turns back; `elapsed` goes by at `rate`, which follows the pace smoothly.
 */
interface Recovering {
  readonly kind: "recovering";
  readonly plan: HomePlan;
  readonly elapsed: Seconds;
  readonly rate: number;
}

/** What decides the next position. */
type Activity =
  | { readonly kind: "holding" }
  | { readonly kind: "ramping"; readonly ramp: StoppingRamp; readonly sent: number }
  /** `elapsed` counts sent ticks: a tick that was skipped delays the plan, it does not make it jump. */
  | { readonly kind: "homing"; readonly plan: HomePlan; readonly elapsed: Seconds; readonly braking: StoppingRamp }
  | Recovering
  /**
   * `braking` is the way to rest from the position sent last. `pathAt` is where on its path the motion was at `sentAt`;
   * time goes by more slowly on the path while the motion is slowed down.
   */
  | {
      readonly kind: "following";
      readonly timeline: Timeline;
      readonly chunk: Chunk;
      readonly pathAt: Instant;
      readonly sentAt: Instant;
      readonly braking: StoppingRamp;
      /** Up to this instant of the path a step is joined, at this part of its pace. */
      readonly joining: { readonly until: Instant; readonly pace: number };
    }
  /** `target` is where the leader wants the arm, which comes to rest there. */
  | { readonly kind: "led"; readonly target: JointVector; readonly braking: StoppingRamp };

type Following = Activity & { readonly kind: "following" };

/** The next position and who proposes it. */
export interface Proposal {
  readonly source: SetpointSource;
  readonly q: JointVector;
}

const SOURCE_OF = {
  ...{ holding: "hold", ramping: "stop", homing: "home", recovering: "recover" },
  ...{ following: "policy", led: "teleop" },
} as const satisfies Record<Activity["kind"], SetpointSource>;
const HOLDING: Activity = { kind: "holding" };

/** Closer than this is there, rad; a frame resolves 1.7e-5. */
const ARRIVED = 1e-12;

/** A way back takes this part of the acceleration and jerk that it may have: changes of its pace take of the rest. */
const GENTLY = 0.5;
/** The pace of a way back changes by so much a second at most. Where that turns round, it is a jerk of 1000 degrees/s3 at 10 degrees/s. */
const PACE_CHANGE = 0.5;

/** A path that has to be slowed down to less than this part of its pace asks for more than the arm may do (ML-17). */
const MOST_HASTE = 0.8;

/** An arm that is slower than this (rad/s) although more is asked for is held. */
const HELD = 0.02;

/** A proposed step of homing or following: where it goes, how it would come to rest, how far it is on its path. */
interface Step {
  readonly step: ClearStep;
  /** Of the chunk's path, or time since homing began. */
  readonly pathAt: Instant;
  readonly dueAt: Instant;
  readonly demanded: Demanded | null;
}

/** Farther behind than this it is no lag: 6 degrees to brake from 60 degrees/s at 300 degrees/s2, and as much to turn back. */
const LONGEST_LAG = (12 * Math.PI) / 180;

/**
 * The commanded motion from tick to tick: holds, follows chunks or a leader, goes home, ramps down. Proposes; the guard decides
 * elsewhere. The ramp for the present instant is always ready.
 */
export class MotionStream {
  readonly #period: Seconds;
  readonly #rules: StepRules;
  readonly #homeRules: StepRules;
  readonly #leadRules: StepRules;
  readonly #recover: MotionLimits;
  readonly #recoverRules: StepRules;
  readonly #stop: MotionLimits;
  readonly #slowJump: number;
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
    this.#rules = { limits: plannerLimits(limits.policy), cell: plannerCell(limits.cell), period };
    this.#homeRules = { ...this.#rules, limits: plannerLimits(limits.home) };
    this.#leadRules = { ...this.#rules, limits: plannerLimits(limits.teleop) };
    this.#recover = limits.recover;
    const back = plannerLimits(limits.recover);
    const gently = (values: JointVector): JointVector => mapJoints(values, (value) => value * GENTLY);
    this.#recoverRules = {
      limits: { ...back, acceleration: gently(back.acceleration), jerk: gently(back.jerk) },
      cell: plannerCell({ ...limits.cell, speed: limits.recoverSpeed }),
      period,
    };
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
    const pace = joiningPart(activity) * this.#pace;
    const demand = atPace(demandAt(activity.timeline, this.#pathAt(activity, at)), pace);
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
    const { lowest, highest } = this.#homeRules.limits;
    const beyond = target.findIndex(
      (angle, joint) => !(angle >= jointAt(lowest, joint) && angle <= jointAt(highest, joint)),
    );
    return beyond < 0 ? this.#clearWay(target, this.#homeRules).blockedBy : `J${beyond + 1} would end beyond its limit`;
  }

  /** Goes to `target` in a straight line of joint space, after a `delay` in which it stands. */
  goTo(target: JointVector, delay: Seconds): void {
    this.#activity = {
      kind: "homing",
      plan: this.#clearWay(target, this.#homeRules).plan,
      elapsed: -delay,
      braking: [],
    };
  }

  /**
   * Brings the joints that stand outside their limits back inside, after a `delay` in which it stands; what is in the way, in
   * words, and then it stands; null for nothing.
   */
  recover(delay: Seconds): string | null {
    const target = backInside(this.#state.q, this.#recover, this.#recoverRules.limits);
    const { plan, blockedBy } = this.#clearWay(target, this.#recoverRules);
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
      joining: this.#joining(chunk, from, now),
    };
    return true;
  }

  /** A chunk that does not begin where the motion is, extended back to now, is gone to slowly (PO-04). */
  #joining(chunk: Chunk, { q, v }: Demand, now: Instant): Following["joining"] {
    const [first, second] = chunk.targets.filter(({ dueAt }) => dueAt > now);
    if (first === undefined) {
      return { until: now, pace: 1 };
    }
    const ahead = first.dueAt - now;
    const way = mapJoints(first.q, (angle, joint) => {
      const speed = second === undefined ? jointAt(v, joint) : (jointAt(second.q, joint) - angle) / chunk.period;
      return angle - speed * ahead - jointAt(q, joint);
    });
    const near = way.every((distance) => Math.abs(distance) <= this.#slowJump);
    return { until: first.dueAt, pace: near ? 1 : joiningPace(way, ahead, this.#rules.limits) };
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
        const braking = this.#brakingAsLed();
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

  /** The way to rest from a ramp within the limits of what follows a leader; null while there is none inside the cell. */
  #brakingAsLed(): StoppingRamp | null {
    const { limits, cell } = this.#leadRules;
    const { q, a } = this.#state;
    const gentle = a.every((rate, joint) => Math.abs(rate) <= jointAt(limits.acceleration, joint));
    const braking = gentle ? stoppingRamp(this.#state, limits, this.#period) : [];
    return gentle && isClear(q, braking, cell, this.#period) ? braking : null;
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
    } else if (activity.kind === "following" && isExhausted(activity.timeline, this.#pathAt(activity, dueAt))) {
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
      this.#activity = fresh ? activity : this.#further(activity);
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
    this.#ramp = activity.kind === "holding" ? [] : stoppingRamp(this.#state, this.#stop, this.#period);
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
      case "homing":
        this.#step = this.#homeStep(activity.plan, activity.elapsed, activity.braking, dueAt);
        return this.#step.step.q;
      case "recovering":
        return this.#fresh ? this.#state.q : homePosition(activity.plan, this.#further(activity).elapsed);
      case "following":
        this.#step = this.#followStep(activity, dueAt);
        return this.#step.step.q;
      case "led":
        this.#step = this.#leadStep(activity.target, activity.braking, dueAt);
        return this.#step.step.q;
    }
  }

  /** A way back one period later. */
  #further(activity: Recovering): Recovering {
    const change = PACE_CHANGE * this.#period;
    const rate = Math.min(Math.max(this.#pace, activity.rate - change), activity.rate + change);
    return { ...activity, elapsed: activity.elapsed + rate * this.#period, rate };
  }

  #homeStep(plan: HomePlan, elapsed: Seconds, braking: StoppingRamp, dueAt: Instant): Step {
    if (this.#fresh) {
      return this.#standing(elapsed, dueAt);
    }
    const pathAt = elapsed + this.#pace * this.#period;
    const demand = { q: homePosition(plan, pathAt), v: homeVelocity(plan, pathAt) };
    const step = clearStep(this.#state, braking, atPace(demand, this.#pace), this.#homeRules);
    return { step, pathAt, dueAt, demanded: null };
  }

  #leadStep(target: JointVector, braking: StoppingRamp, dueAt: Instant): Step {
    if (this.#fresh) {
      return this.#standing(dueAt, dueAt);
    }
    // No speed is asked of the target: so the arm never goes farther than the leader has been.
    const demand = { q: target, v: mapJoints(target, () => 0) };
    const velocity = mapJoints(this.#leadRules.limits.velocity, (most) => most * this.#pace);
    const rules = { ...this.#leadRules, limits: { ...this.#leadRules.limits, velocity } };
    return { step: clearStep(this.#state, braking, demand, rules), pathAt: dueAt, dueAt, demanded: null };
  }

  #followStep(activity: Following, dueAt: Instant): Step {
    const { timeline, chunk, sentAt } = activity;
    if (this.#fresh) {
      return this.#standing(activity.pathAt, dueAt);
    }
    const { limits } = this.#rules;
    const asked = demandAt(timeline, this.#pathAt(activity, dueAt));
    const permitted = permittedPace(asked.v, limits);
    const part = Math.min(permitted, joiningPart(activity));
    const pathAt = activity.pathAt + part * this.#pace * (dueAt - sentAt);
    const demand = demandAt(timeline, pathAt);
    const step = clearStep(this.#state, activity.braking, atPace(demand, part * this.#pace), this.#rules);
    const outside = demand.q.some((angle, joint) => Math.abs(angle) > jointAt(limits.highest, joint));
    // Held at a bound of the cell; being slowed down on the way, for its speed, is no fault of a policy.
    const held = step.share === 0 && this.#state.v.every((speed) => Math.abs(speed) < HELD);
    const clamped = permitted < MOST_HASTE || outside || held;
    const age = (dueAt - chunk.capturedAt) / (chunk.period * chunk.targets.length);
    return { step, pathAt, dueAt, demanded: { pathAt, q: step.q, clamped, age } };
  }

  #standing(pathAt: Instant, dueAt: Instant): Step {
    const step = { q: this.#state.q, braking: [], share: 1 };
    return { step, pathAt, dueAt, demanded: null };
  }

  /** Where a followed chunk's path would be at an instant if only the pace counted. */
  #pathAt(activity: Following, at: Instant): Instant {
    return activity.pathAt + joiningPart(activity) * this.#pace * (at - activity.sentAt);
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

/** The part of its pace at which a step is being joined; 1 once it is, and where there is none. */
function joiningPart({ pathAt, joining }: Following): number {
  return pathAt < joining.until ? joining.pace : 1;
}
