import type { JointPosition, Seconds } from "../../../daemon/types/units.js";
import { between, forward, inverse, type Pose } from "./kinematics.js";

/** A finite motion through joint waypoints, slow at both ends. */
export interface Plan {
  readonly waypoints: readonly JointPosition[];
  readonly duration: Seconds;
}

/** Peak speed of the quintic time law, as a multiple of the mean. */
const QUINTIC_PEAK = 1.875;
/** Poses of a straight line that are solved for joint angles. */
const LINE_POINTS = 24;

/** A plan whose fastest joint just reaches `percent` of its maximum speed (rad/s, J1 to J7). */
export function planThrough(
  waypoints: readonly JointPosition[],
  percent: number,
  maximumSpeed: readonly number[],
): Plan {
  const seconds = waypoints.slice(1).map((q, leg) =>
    Math.max(
      ...q.map((angle, joint) => {
        const travel = Math.abs(angle - (waypoints[leg]?.[joint] ?? angle));
        return travel / ((maximumSpeed[joint] ?? Math.PI) * (percent / 100));
      }),
    ),
  );
  return { waypoints, duration: QUINTIC_PEAK * Math.max(0, ...seconds) * Math.max(1, seconds.length) };
}

/** Joint waypoints of a straight line of the flange; null when a part of it cannot be reached. */
export function lineTo(goal: Pose, from: JointPosition): readonly JointPosition[] | null {
  const start = forward(from);
  const waypoints = [from];
  for (let n = 1; n <= LINE_POINTS; n += 1) {
    const q = inverse(between(start, goal, n / LINE_POINTS), waypoints.at(-1) ?? from);
    if (q === null) {
      return null;
    }
    waypoints.push(q);
  }
  return waypoints;
}

/** Joint angles after `elapsed` seconds of a plan. */
export function along(plan: Plan, elapsed: Seconds): readonly number[] {
  const s = plan.duration <= 0 ? 1 : Math.max(0, Math.min(1, elapsed / plan.duration));
  const travelled = s * s * s * (10 - 15 * s + 6 * s * s) * (plan.waypoints.length - 1);
  const leg = Math.min(Math.floor(travelled), plan.waypoints.length - 2);
  const to = plan.waypoints[leg + 1] ?? plan.waypoints.at(-1) ?? [];
  const from = plan.waypoints[leg] ?? to;
  return to.map((angle, joint) => {
    const begin = from[joint] ?? angle;
    return begin + (angle - begin) * (travelled - leg);
  });
}
