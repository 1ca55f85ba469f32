import type { MotionLimits } from "../guard/limits.js";
import type { HomePlan } from "../motion/home-plan.js";
import type { Demand } from "../motion/limiter.js";
import { joiningPace } from "../motion/path-pace.js";
import type { StoppingRamp } from "../motion/stopping-ramp.js";
import type { Timeline } from "../motion/timeline.js";
import type { Chunk } from "../types/chunk.js";
import type { SetpointSource } from "../types/setpoint.js";
import { type Instant, type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";

// Interlocks: PO-04.

/** `elapsed` counts sent ticks: a tick that was skipped delays the plan, it does not make it jump. */
export interface Homing {
  readonly kind: "homing";
  readonly plan: HomePlan;
  readonly elapsed: Seconds;
  readonly braking: StoppingRamp;
}

/**
 * Brings joints back inside their limits, and stands at its end until it is told to end. It is on its plan exactly, so that no
 * joint ever turns back; `elapsed` goes by at `rate`, which follows the pace smoothly.
 */
export interface Recovering {
  readonly kind: "recovering";
  readonly plan: HomePlan;
  readonly elapsed: Seconds;
  readonly rate: number;
}

/**
 * `braking` is the way to rest from the position sent last. `pathAt` is where on its path the motion was at `sentAt`;
 * time goes by more slowly on the path while the motion is slowed down.
 */
export interface Following {
  readonly kind: "following";
  readonly timeline: Timeline;
  readonly chunk: Chunk;
  readonly pathAt: Instant;
  readonly sentAt: Instant;
  readonly braking: StoppingRamp;
  /** The joint that the chunk sends back and forth, 0 to 6; null for none. */
  readonly shaken: number | null;
  /** Up to this instant of the path a step is joined, at this part of its pace. */
  readonly joining: { readonly until: Instant; readonly pace: number };
}

/** `target` is where the leader wants the arm, which comes to rest there. */
export interface Led {
  readonly kind: "led";
  readonly target: JointVector;
  readonly braking: StoppingRamp;
}

/** What decides the next position. */
export type Activity =
  | { readonly kind: "holding" }
  | { readonly kind: "ramping"; readonly ramp: StoppingRamp; readonly sent: number }
  | Homing
  | Recovering
  | Following
  | Led;

export const HOLDING: Activity = { kind: "holding" };

/** Who is named as the source of what an activity proposes. */
export const SOURCE_OF = {
  ...{ holding: "hold", ramping: "stop", homing: "home", recovering: "recover" },
  ...{ following: "policy", led: "teleop" },
} as const satisfies Record<Activity["kind"], SetpointSource>;

/** The pace of a way back changes by so much a second at most. Where that turns round, it is a jerk of 1000 degrees/s3 at 10 degrees/s. */
const PACE_CHANGE = 0.5;

/** A way back one period later. */
export function further(activity: Recovering, pace: number, period: Seconds): Recovering {
  const change = PACE_CHANGE * period;
  const rate = Math.min(Math.max(pace, activity.rate - change), activity.rate + change);
  return { ...activity, elapsed: activity.elapsed + rate * period, rate };
}

/** Where a followed chunk's path would be at an instant if only the pace counted. */
export function pathAt(activity: Following, at: Instant, pace: number): Instant {
  return activity.pathAt + joiningPart(activity) * pace * (at - activity.sentAt);
}

/** The part of its pace at which a step is being joined; 1 once it is, and where there is none. */
export function joiningPart({ pathAt, joining }: Following): number {
  return pathAt < joining.until ? joining.pace : 1;
}

/** A chunk that does not begin where the motion is, extended back to now, is gone to slowly where it is farther than `slowJump`, rad. */
export function joiningOf(
  chunk: Chunk,
  { q, v }: Demand,
  now: Instant,
  { slowJump, limits }: { readonly slowJump: number; readonly limits: MotionLimits },
): Following["joining"] {
  const [first, second] = chunk.targets.filter(({ dueAt }) => dueAt > now);
  if (first === undefined) {
    return { until: now, pace: 1 };
  }
  const ahead = first.dueAt - now;
  const way = mapJoints(first.q, (angle, joint) => {
    const speed = second === undefined ? jointAt(v, joint) : (jointAt(second.q, joint) - angle) / chunk.period;
    return angle - speed * ahead - jointAt(q, joint);
  });
  const near = way.every((distance) => Math.abs(distance) <= slowJump);
  return { until: first.dueAt, pace: near ? 1 : joiningPace(way, ahead, limits) };
}
