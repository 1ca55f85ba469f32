import type { ArmState } from "../types/arm-state.js";
import { type Instant, type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import type { Finding } from "./finding.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-11.

/** The last report that was believed, and when others were not lately. */
export interface Belief {
  readonly last: ArmState | null;
  /** How fast the joints went up to it, rad/s. */
  readonly velocity: JointVector;
  readonly droppedAt: readonly Instant[];
}

const ZERO: JointVector = [0, 0, 0, 0, 0, 0, 0];

export const NO_BELIEF: Belief = { last: null, velocity: ZERO, droppedAt: [] };

/** What became of a report: followed by nothing that came before, by the one before, or not believed. */
export interface Judged {
  readonly belief: Belief;
  readonly believed: "anew" | "after-last" | "no";
  readonly finding: Finding | null;
}

/** Two pushes: datagrams that waited together arrive together, although they were measured one after the other. */
const SHORTEST: Seconds = 0.01;

/** Whoever has believed nothing for this long begins anew: motion has ended by then (AR-09: 100 ms). */
const ANEW: Seconds = 0.1;

/**
 * Whether a report can come after the one before: the push carries neither time nor number, so all that tells an old or
 * a wrong one is that no joint goes so far so fast, and none turns round so fast, whoever drives it. What is not believed
 * is dropped; too many within a short time are a finding.
 */
export function believe(belief: Belief, report: ArmState, limits: WatchLimits["jump"]): Judged {
  const { last } = belief;
  const age = last === null ? Infinity : report.receivedAt - last.receivedAt;
  if (last === null || age > ANEW) {
    const anew = { last: report, velocity: ZERO, droppedAt: belief.droppedAt };
    return { belief: anew, believed: "anew", finding: null };
  }
  const elapsed = Math.max(SHORTEST, age);
  const ways = mapJoints(report.measured, (angle, joint) => angle - jointAt(last.measured, joint));
  const joint = ways.findIndex((way, index) => {
    const velocity = jointAt(belief.velocity, index);
    // What trembles goes nowhere.
    const back = Math.abs(velocity) * SHORTEST > limits.slack / 2 ? -way * Math.sign(velocity) : 0;
    // A joint that brakes and turns round at once.
    const farthestBack = Math.max(0, (limits.acceleration * elapsed ** 2) / 2 - Math.abs(velocity) * elapsed);
    const farthest = limits.part * jointAt(limits.rated, index) * elapsed;
    return !(Math.abs(way) <= farthest + limits.slack && back <= farthestBack + limits.slack);
  });
  if (joint < 0) {
    const repeats = ways.every((way) => way === 0);
    const velocity = repeats ? belief.velocity : mapJoints(ways, (way) => way / elapsed);
    return { belief: { ...belief, last: report, velocity }, believed: "after-last", finding: null };
  }
  const droppedAt = [...belief.droppedAt.filter((at) => report.receivedAt - at <= limits.within), report.receivedAt];
  const detail = `J${joint + 1} jumps in the arm's reports, ${droppedAt.length} times lately`;
  return {
    belief: { ...belief, droppedAt },
    believed: "no",
    finding:
      droppedAt.length >= limits.most ? { id: "AR-11", code: "state-implausible", reaction: "ramp", detail } : null,
  };
}

/** Reports were dropped lately: others may be as old, and how fast the arm goes cannot be told from them. */
export function isDisordered({ droppedAt }: Belief, now: Instant, { within }: WatchLimits["jump"]): boolean {
  return droppedAt.some((at) => now - at <= within);
}
