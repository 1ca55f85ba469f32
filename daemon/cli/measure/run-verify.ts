import { readEvidenceFolder } from "../../measure/evidence-folder.js";
import { standingOf } from "../../measure/standing.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import type { MeasureOptions } from "../measure.js";
import { say, sayJson } from "../print.js";
import { evidenceFolder } from "./evidence-place.js";

/** Says of every file whether it is to be believed, and whether a policy may run on what was measured. */
export function runVerify(options: MeasureOptions): ExitCode {
  const folder = evidenceFolder(options);
  const found = readEvidenceFolder(folder);
  const { arm, valid, missing } = standingOf(found, Date.now() / 1000);
  const refused = found.filter((one) => one.kind === "refused");
  if (options.json) {
    sayJson({ folder, arm, valid: [...valid.keys()], missing, refused });
    return missing.length + refused.length === 0 ? EXIT.done : EXIT.unhealthy;
  }
  for (const one of found) {
    if (one.kind === "refused") {
      say(`REFUSED   ${one.file}: ${one.reason}`);
      continue;
    }
    const { evidence } = one;
    const counts = valid.get(evidence.id) === evidence ? "counts" : "";
    const where = evidence.virtual ? "virtual lab" : `${evidence.arm.serial}, ${evidence.arm.firmware}`;
    say(
      `${counts.padEnd(9)} ${evidence.id.padEnd(5)} ${evidence.measuredAt.slice(0, 10)}  ${where}  ${evidence.outcome}: ${evidence.words}`,
    );
  }
  for (const words of missing) {
    say(`MISSING   ${words}`);
  }
  say(
    arm === null ? `There is no evidence of a real arm in ${folder}.` : `Arm ${arm.serial}, firmware ${arm.firmware}.`,
  );
  return missing.length + refused.length === 0 ? EXIT.done : EXIT.unhealthy;
}
