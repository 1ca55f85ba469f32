import { userInfo } from "node:os";
import { type Command, Option } from "commander";
import { projectPath } from "../ports/project-path.js";

/** Where the daemon is, for the commands that talk to it. */
export interface OperatorOptions {
  readonly url: string;
  readonly tokenFile: string;
  readonly name: string;
  readonly json?: true;
  /** Take control also from somebody who has it. */
  readonly takeOver?: true;
}

/** Operator address of daemon/config/lab.yaml. */
export const DEFAULT_URL = "ws://127.0.0.1:8787";

/** Token file of daemon/config/lab.yaml. */
export const DEFAULT_TOKEN_FILE = projectPath(".run", "operator.token");

/** Adds the options of every command that talks to the daemon. */
export function withOperatorOptions(command: Command): Command {
  return command
    .addOption(new Option("--url <address>", "operator address of the daemon").default(DEFAULT_URL).env("KINEVLA_URL"))
    .addOption(
      new Option("--token-file <file>", "token file of the daemon")
        .default(DEFAULT_TOKEN_FILE)
        .env("KINEVLA_TOKEN_FILE"),
    )
    .option("--name <name>", "how you are called while you are in control", operatorName())
    .option("--json", "print one JSON object a line, for programs");
}

/** Adds what the commands that take control have besides. */
export function withControlOptions(command: Command): Command {
  return withOperatorOptions(command).option("--take-over", "take control from whoever has it; for supervisors");
}

function operatorName(): string {
  try {
    return `${userInfo().username.replace(/[^\p{L}\p{N}._-]/gu, "-")} kinevla`.slice(0, 40);
  } catch {
    // A user without an entry in the password file has no name.
    return "kinevla";
  }
}
