import { distinct, filter, from, map, mergeMap, type Observable } from "rxjs";
import { type CalibrationDoubt, noteDoubt, readDoubt } from "../../calibration/doubt.js";
import type { FromArm, StopReport } from "../types/arm-link.js";
import type { Instant } from "../types/units.js";

// Interlocks: PO-18.

/** Both clocks of the host. */
export interface BothClocks {
  /** Host-monotonic. */
  readonly now: () => Instant;
  /** ms since 1970 */
  readonly wallTime: () => number;
}

/** The controller's code for a collision, as the arm process writes it into its stops. */
const COLLISION = /\b0x100D\b/i;
/** The instants of one stop, counted back from the wall clock twice, differ by less. */
const SAME_MS = 1000;

/** Whether the arm was stopped because it hit something. */
export function isCollision({ code, detail, latched }: StopReport): boolean {
  return latched && code === "arm-fault" && COLLISION.test(detail);
}

/**
 * Notes every collision of the arm beside its calibrations, from what the arm process tells. Emits after each: null, or
 * the note where it could not be written and holds only as long as this process.
 */
export function noteCollisions(
  messages: Observable<FromArm>,
  folder: string,
  { now, wallTime }: BothClocks,
  warn: (words: string) => void,
): Observable<CalibrationDoubt | null> {
  return messages.pipe(
    mergeMap((message) => from(stopsIn(message).filter(isCollision))),
    // Each is told once as it happens, and again with every report until somebody acknowledges it.
    distinct(({ at }) => at),
    map(({ at }) => wallTime() - (now() - at) * 1000),
    filter((at) => {
      // A daemon that was started again finds the stop that the one before has noted.
      const known = readDoubt(folder);
      return known === null || Date.parse(known.since) < at - SAME_MS;
    }),
    map((at) => note(folder, at, warn)),
  );
}

function stopsIn(message: FromArm): readonly StopReport[] {
  switch (message.kind) {
    case "stopped":
      return [message.stop];
    case "state":
      return message.state.stops;
    default:
      return [];
  }
}

function note(folder: string, at: number, warn: (words: string) => void): CalibrationDoubt | null {
  const why = "a collision of the arm (system error 0x100D)";
  try {
    noteDoubt(folder, why, at);
    warn(`${why} was noted in ${folder}: the calibrations have to be confirmed or made anew`);
    return null;
  } catch (error) {
    const words = `${why}; it could not be noted in ${folder} (${String(error)}), so a restart of the daemon forgets it`;
    warn(words);
    return {
      ...{ format: "kinevla-calibration-doubt-1", since: new Date(at).toISOString(), why: words },
      confirmed: null,
    };
  }
}
