import { join } from "node:path";
import type { Command } from "commander";
import { PRIVATE_KEY } from "../signing/keys.js";
import { EXIT_HELP } from "./exit-code.js";
import { KEY_FOLDER } from "./key.js";

/** Options of `kinevla sign`. */
export interface SignOptions {
  readonly key: string;
  readonly of?: string;
  readonly check?: string;
  readonly json?: true;
}

/** `kinevla sign`: vouches for files that decide how the arm moves, or says who vouches for them. */
export function register(program: Command): void {
  program
    .command("sign")
    .description("sign configuration, limits, calibrations and bundle, or see who signed them")
    .argument("[files...]", "what to sign: .yaml, calibrations (.json), bundle.json of a bundle")
    .option("--key <file>", "the private key", join(KEY_FOLDER, PRIVATE_KEY))
    .option("--of <config>", "sign every file that this configuration names, and itself")
    .option(
      "--check <config>",
      "sign nothing: list every file that this configuration names, by whom and when it was signed",
    )
    .option("--json", "print one JSON object a file, for programs")
    .addHelpText(
      "after",
      `
A signature stands beside its file as <file>.sig and ends with the next change of the file. What its own reader would
refuse is not signed. Signatures are asked for where maintainer.pub stands beside the configuration (kinevla key).

Examples:
  kinevla sign /etc/kinevla/kinevla.yaml /etc/kinevla/limits-rm75b.yaml
  kinevla sign --of /etc/kinevla/kinevla.yaml --key /media/stick/maintainer.key
  kinevla sign --check /etc/kinevla/kinevla.yaml
${EXIT_HELP}`,
    )
    .action(async (files: string[], options: SignOptions) => {
      process.exitCode = await (await import("./run-sign.js")).runSign(files, options);
    });
}
