import { confirmCalibrations, noteDoubt, readDoubt } from "../../../calibration/doubt.js";
import type { DoubtOptions } from "../calibrate.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { configOf } from "../measure/evidence-place.js";
import { say } from "../print.js";

// Interlocks: PO-18.

/** Notes that something was moved. */
export function runDoubt({ config, by, because = "" }: DoubtOptions): ExitCode {
  const folder = folderOf(config);
  written(folder, () => noteDoubt(folder, `${because} (${by})`, Date.now()));
  say("Noted: no policy runs on what was calibrated before; the daemon looks once a minute.");
  return EXIT.done;
}

/** Notes that the calibrations hold all the same. */
export function runConfirm({ config, by }: DoubtOptions): ExitCode {
  const folder = folderOf(config);
  const doubt = readDoubt(folder);
  if (doubt === null || doubt.confirmed !== null) {
    say("Nothing is in doubt.");
    return EXIT.done;
  }
  written(folder, () => confirmCalibrations(folder, doubt, by, Date.now()));
  say(`Confirmed by ${by}, in spite of: ${doubt.why}. The daemon looks once a minute.`);
  return EXIT.done;
}

function folderOf(file: string): string {
  const { calibration } = configOf(file);
  if (calibration === undefined) {
    const hint = "Nothing asks for calibrations there; name another configuration.";
    throw new CliError(EXIT.usage, "no-section", `${file} has no section calibration.`, hint);
  }
  return calibration.directory;
}

function written(folder: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const hint = "Run this as who owns that folder, for example with sudo.";
    throw new CliError(EXIT.refused, "not-written", `${folder} cannot be written (${String(error)}).`, hint);
  }
}
