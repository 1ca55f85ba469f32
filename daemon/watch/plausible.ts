import type { ArmState } from "../types/arm-state.js";
import { type Instant, jointAt, type Seconds } from "../types/units.js";
import type { Finding } from "./finding.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-11.

/** The last report that was believed, and when others were not. */
export interface Belief {
  readonly last: ArmState | null;
  readonly droppedAt: readonly Instant[];
}

export const NO_BELIEF: Belief = { last: null, droppedAt: [] };

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
 * a wrong one is that no joint goes so far so fast, whoever drives it. What is not believed is dropped; too many within a
 * short time are a finding.
 */
export function believe(belief: Belief, report: ArmState, limits: WatchLimits["jump"]): Judged {
  const { last } = belief;
  const age = last === null ? Infinity : report.receivedAt - last.receivedAt;
  const elapsed = age > ANEW ? Infinity : Math.max(SHORTEST, age);
  const joint = report.measured.findIndex((angle, index) => {
    const way = last === null ? 0 : Math.abs(angle - jointAt(last.measured, index));
    return !(way <= limits.part * jointAt(limits.rated, index) * elapsed + limits.slack);
  });
  if (joint < 0) {
    return {
      belief: { ...belief, last: report },
      believed: elapsed === Infinity ? "anew" : "after-last",
      finding: null,
    };
  }
  const droppedAt = [...belief.droppedAt.filter((at) => report.receivedAt - at <= limits.within), report.receivedAt];
  const detail = `J${joint + 1} jumps in the arm's reports, ${droppedAt.length} times lately`;
  return {
    belief: { last, droppedAt },
    believed: "no",
    finding:
      droppedAt.length >= limits.most ? { id: "AR-11", code: "state-implausible", reaction: "ramp", detail } : null,
  };
}
