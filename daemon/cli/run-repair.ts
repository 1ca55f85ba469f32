import { type Repaired, repairFolder } from "../recorder/repair.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { note, say, sayJson } from "./print.js";

const WORDS: Readonly<Record<Repaired["result"], string>> = {
  whole: "whole",
  mended: "MENDED",
  empty: "removed: nothing was recorded in it",
  spoilt: "DOES NOT READ",
  left: "NOT MENDED",
};

/** Mends a folder and says of every file what was found. */
export async function runRepair(folder: string, json: boolean): Promise<ExitCode> {
  const found: Repaired[] = [];
  try {
    await repairFolder(folder, (one) => {
      found.push(one);
      if (json) {
        sayJson(one);
      } else {
        const detail = one.detail === "" || one.result === "empty" ? "" : ` (${one.detail})`;
        say(`${one.file}: ${WORDS[one.result]}, ${one.messages} messages${detail}`);
      }
    });
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
    throw new CliError(EXIT.refused, "no-repair", error.message, "Name the folder that holds the recordings.");
  }
  const bad = found.filter(({ result }) => result === "spoilt" || result === "left").length;
  const whole = found.filter(({ result }) => result === "whole").length;
  note(`${whole} recordings open; ${bad} need somebody to look at them.`);
  return bad === 0 ? EXIT.done : EXIT.unfinished;
}
