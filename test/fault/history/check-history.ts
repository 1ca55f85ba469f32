import type { Seconds } from "../../../daemon/types/units.js";
import { type Bounds, insideLimits, nothingMovesAlone, staysStopped } from "./check-motion.js";
import { auditIsWhole, latchHolds, noFrameAfterStop, oneAuthority } from "./check-stops.js";
import type { RunHistory, Violation } from "./run-history.js";

/** Everything that a recorded history breaks of C1, C2 and C4 to C8; `within` is how soon a stop must be standstill. */
export function violationsOf(history: RunHistory, bounds: Bounds, within: Seconds): readonly Violation[] {
  return [
    ...noFrameAfterStop(history),
    ...insideLimits(history, bounds),
    ...latchHolds(history),
    ...oneAuthority(history),
    ...nothingMovesAlone(history, bounds),
    ...staysStopped(history, within),
    ...auditIsWhole(history),
  ];
}
