import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError, EXIT } from "../exit-code.js";
import type { InstalledFile } from "./installation.js";

/** A command of the system and why it is run. */
export interface SystemCommand {
  readonly words: readonly string[];
  /** Runs on a live machine alone; the others also work on a folder. */
  readonly live: boolean;
  /** A machine without this command works as well. */
  readonly optional: boolean;
}

/** What happens to a file. */
export type Change = "new" | "changed" | "same" | "theirs";

/**
 * The machine that is installed on: this one, or the one whose files stand under a folder. Without `act` nothing is
 * touched, and everything that would be is told.
 */
export class Machine {
  readonly root: string | null;
  readonly #act: boolean;
  readonly #tell: (words: string) => void;

  constructor(root: string | null, act: boolean, tell: (words: string) => void) {
    this.root = root;
    this.#act = act;
    this.#tell = tell;
  }

  /** Where a file of the machine stands here. */
  at(path: string): string {
    return this.root === null ? path : join(this.root, path);
  }

  exists(path: string): boolean {
    return existsSync(this.at(path));
  }

  read(path: string): string {
    return readFileSync(this.at(path), "utf8");
  }

  /** How a file differs from what is wanted. */
  difference({ path, text, theirs }: InstalledFile): Change {
    if (!this.exists(path)) {
      return "new";
    }
    return theirs ? "theirs" : this.read(path) === text ? "same" : "changed";
  }

  /** Writes a file unless it is there as wanted, or is theirs. */
  write(file: InstalledFile): void {
    const change = this.difference(file);
    const words = { new: "write", changed: "write anew", same: "is there", theirs: "keep yours" }[change];
    this.#tell(`${words}: ${file.path}`);
    if (change !== "new" && change !== "changed") {
      return;
    }
    if (!this.#act) {
      this.#tell(file.secret ? "    (a secret)" : file.text.trimEnd().replace(/^/gm, "    "));
      return;
    }
    const place = this.at(file.path);
    try {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, file.text, { mode: file.mode });
      chmodSync(place, file.mode);
    } catch (error) {
      const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new CliError(
        EXIT.unfinished,
        "not-written",
        `${place} cannot be written (${why}).`,
        "Remove the cause, then run this again: what is there already stays as it is.",
      );
    }
  }

  /** Removes a file, and its folder where nothing else is in it. */
  remove(path: string): void {
    this.#tell(`remove: ${path}`);
    if (this.#act) {
      rmSync(this.at(path), { force: true });
      try {
        rmdirSync(dirname(this.at(path)));
      } catch {
        // Something else is in it.
      }
    }
  }

  /** Runs a command of the system; throws CliError when it fails. */
  run({ words, live, optional }: SystemCommand): void {
    if (live && this.root !== null) {
      return;
    }
    const [command = "", ...rest] = words;
    const args = this.root === null ? rest : [`--root=${this.root}`, ...rest];
    this.#tell(`run: ${[command, ...args].join(" ")}`);
    if (!this.#act) {
      return;
    }
    const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0 && !(optional && error !== undefined)) {
      const why = error?.message ?? stderr.trim();
      throw new CliError(
        EXIT.unfinished,
        "command-failed",
        `${words.join(" ")} failed: ${why}`,
        "Remove the cause, then run this again.",
      );
    }
  }
}

/** SHA-256 of a text, hexadecimal. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
