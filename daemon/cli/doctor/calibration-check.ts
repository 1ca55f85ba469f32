import { standingOfCalibrations, whyUncalibrated } from "../../../calibration/standing.js";
import { expectedCalibrations } from "../../composition/expected-calibrations.js";
import type { Config } from "../../config/config.js";
import { type Check, ill, well } from "./check.js";

/** May the calibrations of this cell be used? */
export function calibrationCheck(config: Config): Check {
  return {
    name: "calibration",
    run: async () => {
      const { calibration } = config;
      if (calibration === undefined) {
        return well("none is asked for: the configuration has no section calibration");
      }
      const expected = expectedCalibrations(config, calibration, Date.now());
      const standing = standingOfCalibrations(calibration.directory, expected);
      const why = whyUncalibrated(standing);
      if (why !== null) {
        const others = standing.refused.slice(1).map(({ reason }) => `; ${reason}`);
        return ill(`${why.reason}${others.join("")}`, why.hint);
      }
      const { good, missing } = standing;
      return well(`${good.join(", ")}${missing.length === 0 ? "" : `; not made: ${missing.join(", ")}`}`);
    },
  };
}
