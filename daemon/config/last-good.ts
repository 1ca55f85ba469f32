import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { signaturePath } from "../signing/trust-in-key.js";

// Interlocks: HO-12.

/** Below the folder that systemd gives to the daemon for what it keeps. */
const FOLDER = "last-good";
/** systemd's choice for `StateDirectory=kinevla`. */
const STATE_DIRECTORY = "/var/lib/kinevla";

/** SHA-256 of a file, hexadecimal; it goes to the log at each start. */
export function digestOfFile(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/**
 * Keeps copies of the files that the daemon has started with, and of their signatures, for the day on which somebody
 * breaks one. Does nothing without a folder to keep them in; throws what the file system says.
 */
export function keepLastGood(files: readonly string[], stateFolder = process.env.STATE_DIRECTORY): void {
  if (stateFolder === undefined || stateFolder === "") {
    return;
  }
  const folder = join(stateFolder, FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const file of files.flatMap((one) => [one, signaturePath(one)]).filter((one) => existsSync(one))) {
    const copy = join(folder, basename(file));
    if (!existsSync(copy) || digestOfFile(copy) !== digestOfFile(file)) {
      copyFileSync(file, copy);
    }
  }
}

/** The copy of a file that the daemon last started with; null where there is none. */
export function lastGoodOf(file: string, stateFolder = STATE_DIRECTORY): string | null {
  const copy = join(stateFolder, FOLDER, basename(file));
  return existsSync(copy) ? copy : null;
}
