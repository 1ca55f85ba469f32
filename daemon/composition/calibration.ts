import { distinctUntilChanged, map, type Observable, of, timer } from "rxjs";
import { standingOfCalibrations, whyUncalibrated } from "../../calibration/standing.js";
import type { Config } from "../config/config.js";
import { hostClock } from "../ports/clock.js";
import type { Fault } from "../ports/task-news.js";
import { expectedCalibrations } from "./expected-calibrations.js";

/** Files grow old, and cameras are plugged in, while the daemon runs. */
const LOOKED_AT_EVERY_MS = 60_000;

/** Why no policy may move the arm for want of calibration; null when one may, and where none is configured. */
export function calibrationFault(config: Config): Observable<Fault | null> {
  const { calibration } = config;
  if (calibration === undefined) {
    return of(null);
  }
  return timer(0, LOOKED_AT_EVERY_MS).pipe(
    map(() => {
      const expected = expectedCalibrations(config, calibration, Date.now());
      return whyUncalibrated(standingOfCalibrations(calibration.directory, expected));
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
