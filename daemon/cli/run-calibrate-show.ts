import { CALIBRATION_NAMES, readCalibration } from "../../calibration/files.js";
import type { Config } from "../config/config.js";
import type { ShowOptions } from "./calibrate.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { configOf } from "./measure/evidence-place.js";
import { say, sayJson } from "./print.js";

/** Lists every calibration with its age and residual, or why it may not be used and what to do. */
export function runCalibrateShow({ config, folder, arm, maxAgeDays, json }: ShowOptions): ExitCode {
  const { cameras } = configOf(config);
  const cell = { arm, cameras: { front: sourceOf(cameras.front), wrist: sourceOf(cameras.wrist) } };
  let unusable = 0;
  for (const name of CALIBRATION_NAMES) {
    const read = readCalibration(folder, name, { cell, wallTime: Date.now(), maxAgeDays });
    unusable += read.kind === "good" ? 0 : 1;
    if (json) {
      sayJson({ name, ...read });
    } else if (read.kind === "good") {
      const { measuredAt, by, residual } = read.calibration;
      say(`good     ${name.padEnd(13)} ${measuredAt} by ${by}, residual ${JSON.stringify(residual)}`);
    } else {
      say(`${read.kind.padEnd(8)} ${name.padEnd(13)} ${read.reason}`);
    }
  }
  return unusable === 0 ? EXIT.done : EXIT.unhealthy;
}

/** What a camera is known by: the configured device path, address or file. */
function sourceOf(camera: Config["cameras"]["front"]): string {
  return "device" in camera ? camera.device : "url" in camera ? camera.url : camera.file;
}
