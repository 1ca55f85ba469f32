import { combineLatest, distinctUntilChanged, map, type Observable, of, startWith, timer } from "rxjs";
import { type CalibrationDoubt, readDoubt } from "../../calibration/doubt.js";
import { standingOfCalibrations, whyUncalibrated } from "../../calibration/standing.js";
import type { Config } from "../config/config.js";
import { hostClock } from "../ports/clock.js";
import type { Fault } from "../ports/task-news.js";
import type { FromArm } from "../types/arm-link.js";
import { noteCollisions } from "./collisions.js";
import { expectedCalibrations } from "./expected-calibrations.js";

// Interlocks: PO-18.

/** Files grow old, and cameras are plugged in, while the daemon runs. */
const LOOKED_AT_EVERY_MS = 60_000;

/**
 * Why no policy may move the arm for want of calibration; null when one may, and where none is configured. Notes the
 * collisions that the arm process tells of.
 */
export function calibrationFault(
  config: Config,
  messages: Observable<FromArm>,
  warn: (words: string) => void,
): Observable<Fault | null> {
  const { calibration } = config;
  if (calibration === undefined) {
    return of(null);
  }
  const { directory } = calibration;
  const clocks = { now: () => hostClock.now(), wallTime: () => Date.now() };
  const unkept = noteCollisions(messages, directory, clocks, warn).pipe(startWith(null));
  return combineLatest([unkept, timer(0, LOOKED_AT_EVERY_MS)]).pipe(
    map(([remembered]) => {
      const expected = expectedCalibrations(config, calibration, Date.now());
      const doubt = later(readDoubt(directory), remembered);
      return whyUncalibrated(standingOfCalibrations(directory, expected, doubt));
    }),
    distinctUntilChanged((a, b) => a?.reason === b?.reason),
    map((why) =>
      why === null
        ? null
        : {
            ...{ code: "uncalibrated", part: "calibration", latched: false, since: hostClock.now() },
            detail: why.reason,
            hint: `${why.hint}; going home, holding and teleoperation work without.`,
          },
    ),
  );
}

function later(kept: CalibrationDoubt | null, remembered: CalibrationDoubt | null): CalibrationDoubt | null {
  return kept === null || (remembered !== null && Date.parse(remembered.since) > Date.parse(kept.since))
    ? remembered
    : kept;
}
