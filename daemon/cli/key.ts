import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";

/** Where a maintainer keeps the keys unless told otherwise. */
export const KEY_FOLDER = join(homedir(), ".config", "kinevla");

/** Options of `kinevla key create`. */
export interface KeyOptions {
  readonly out: string;
  readonly json?: true;
}

/** `kinevla key`: the maintainer's keys, with which files are signed. */
export function register(program: Command): void {
  program
    .command("key")
    .description("the maintainer's keys, with which files are signed that decide how the arm moves")
    .command("create")
    .description("make a pair of keys and print the fingerprint; never in the place of another")
    .option("--out <folder>", "where they go", KEY_FOLDER)
    .option("--json", "print one JSON object, for programs")
    .addHelpText(
      "after",
      `
Make them on a machine of your own: whoever has the private key (maintainer.key) signs for you. The public one
(maintainer.pub) goes beside the configuration; from then on everything that it names has to be signed.

Example:
  kinevla key create
  sudo install -m 644 ~/.config/kinevla/maintainer.pub /etc/kinevla/maintainer.pub
${EXIT_HELP}`,
    )
    .action(async (options: KeyOptions) => {
      process.exitCode = (await import("./run-sign.js")).runKeyCreate(options);
    });
}
