import { CALIBRATION_NAMES, readCalibration } from "../../../calibration/files.js";
import { standingOfCalibrations } from "../../../calibration/standing.js";
import { expectedCalibrations } from "../../composition/expected-calibrations.js";
import type { ShowOptions } from "../calibrate.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { configOf } from "../measure/evidence-place.js";
import { say, sayJson } from "../print.js";

const DOUBTED = "doubted" as const;

/** Lists every calibration with its age and residual, or why it may not be used and what to do. */
export function runCalibrateShow(options: ShowOptions): ExitCode {
  const config = configOf(options.config);
  const { calibration } = config;
  const folder = options.folder ?? calibration?.directory;
  const arm = options.arm ?? calibration?.arm;
  if (folder === undefined || arm === undefined) {
    const hint = "Name both with --folder and --arm, or name a configuration that has it with --config.";
    throw new CliError(EXIT.usage, "no-section", `${config.file} has no section calibration.`, hint);
  }
  const max_age_days = options.maxAgeDays ?? calibration?.max_age_days ?? 90;
  const expected = expectedCalibrations(config, { arm, max_age_days }, Date.now());
  const { doubted } = standingOfCalibrations(folder, expected);
  let unusable = 0;
  for (const name of CALIBRATION_NAMES) {
    const found = readCalibration(folder, name, expected);
    const read = doubted?.names.includes(name) ? { kind: DOUBTED, ...doubted.refusal } : found;
    unusable += read.kind === "good" ? 0 : 1;
    if (options.json) {
      sayJson({ name, ...read });
    } else if (read.kind === "good") {
      const { measuredAt, by, residual } = read.calibration;
      say(`good     ${name.padEnd(14)} ${measuredAt} by ${by}, residual ${JSON.stringify(residual)}`);
    } else {
      say(`${read.kind.padEnd(8)} ${name.padEnd(14)} ${read.reason}`);
    }
  }
  return unusable === 0 ? EXIT.done : EXIT.unhealthy;
}
