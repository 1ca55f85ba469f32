import type { ArmState } from "../types/arm-state.js";
import { type Instant, type JointVector, jointAt, type Seconds } from "../types/units.js";
import type { Finding } from "./finding.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-11.

/** The last report that was believed, and when others were not. */
export interface Belief {
  readonly last: ArmState | null;
  readonly droppedAt: readonly Instant[];
}

export const NO_BELIEF: Belief = { last: null, droppedAt: [] };

/** Two pushes: datagrams that waited together arrive together, although they were measured one after the other. */
const SHORTEST: Seconds = 0.01;

/**
 * Whether a report can come after the one before: the push carries neither time nor number, so all that tells an old or
 * a wrong one is that no joint goes so far so fast, whoever drives it. What is not believed is dropped; too many within a
 * short time are a finding. `fastest` is what the joints can do, rad/s.
 */
export function believe(
  belief: Belief,
  report: ArmState,
  fastest: JointVector,
  limits: WatchLimits["jump"],
): { readonly belief: Belief; readonly believed: boolean; readonly finding: Finding | null } {
  const { last } = belief;
  const elapsed = last === null ? Infinity : Math.max(SHORTEST, report.receivedAt - last.receivedAt);
  const joint = report.measured.findIndex((angle, index) => {
    const way = last === null ? 0 : Math.abs(angle - jointAt(last.measured, index));
    return !(way <= limits.part * jointAt(fastest, index) * elapsed + limits.slack);
  });
  if (joint < 0) {
    return { belief: { last: report, droppedAt: belief.droppedAt }, believed: true, finding: null };
  }
  const droppedAt = [...belief.droppedAt.filter((at) => report.receivedAt - at <= limits.within), report.receivedAt];
  const detail = `J${joint + 1} jumps in the arm's reports, ${droppedAt.length} times lately`;
  return {
    belief: { last, droppedAt },
    believed: false,
    finding:
      droppedAt.length >= limits.most
        ? { id: "AR-11", code: "state-implausible", reaction: "ramp", detail }
        : null,
  };
}
