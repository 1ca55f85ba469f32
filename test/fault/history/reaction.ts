import type { Instant, Seconds } from "../../../daemon/types/units.js";
import { type Bounds, stillAt } from "./check-motion.js";
import { framesOf } from "./frames.js";
import { rampBegin } from "./ramp.js";
import { type RunHistory, STOPS } from "./run-history.js";

/** What a fault led to at the arm; times are from when the fault could be seen at our boundary. */
export interface Reaction {
  /** What came first; `none` when the arm went on or had nothing to stop. */
  readonly kind: "stop" | "ramp" | "none";
  /** To the first corrective byte at the arm. */
  readonly reaction: Seconds | null;
  /** To an arm that stands. */
  readonly still: Seconds | null;
}

/** Works out the reaction to a fault that was visible at `visibleAt`; what comes after `until` does not count. */
export function reactionTo(
  history: RunHistory,
  visibleAt: Instant,
  { limits, period }: Bounds,
  until: Instant = Infinity,
): Reaction {
  const { reports } = history;
  const commands = history.commands.filter(({ at }) => at <= until);
  const stop = commands.find(({ at, command }) => at >= visibleAt && STOPS.includes(command));
  const told = reports.flatMap(({ stops }) => stops.map(({ at }) => at)).filter((at) => at >= visibleAt);
  const frames = framesOf(commands, period).filter(({ at }) => stop === undefined || at < stop.at);
  const toldAt = told.length === 0 ? null : Math.min(...told);
  const ramp = rampBegin(frames, visibleAt, toldAt, limits, period, stop !== undefined);
  const still = stillAt(history, visibleAt, until);
  const stillTime = still === null ? null : still - visibleAt;
  // A ramp that was under way when the stop came was the first answer.
  if (ramp !== null && ramp >= visibleAt && (stop === undefined || ramp < stop.at)) {
    return { kind: "ramp", reaction: ramp - visibleAt, still: stillTime };
  }
  if (stop !== undefined) {
    return { kind: "stop", reaction: stop.at - visibleAt, still: stillTime };
  }
  return { kind: "none", reaction: null, still: stillTime };
}
