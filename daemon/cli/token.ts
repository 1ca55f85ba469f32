import { type Command, InvalidArgumentError, Option } from "commander";
import { projectPath } from "../ports/project-path.js";
import { ROLES, type Role } from "../types/role.js";
import { EXIT_HELP } from "./exit-code.js";

/** Where the tokens are kept. */
export interface TokenOptions {
  readonly config: string;
  readonly json?: true;
}

/** A token that is asked for. */
export interface MakeOptions extends TokenOptions {
  readonly role: Role;
  readonly name: string;
  readonly hours: number;
}

/** `kinevla token`: gives and takes back access. Whoever may write the daemon's folder may use it. */
export function register(program: Command): void {
  const token = program.command("token").description("make, list and revoke the tokens of operators");
  withStore(token.command("make"))
    .description("make a token and print it; it is shown this once")
    .addOption(new Option("--role <role>", "what it allows").choices(ROLES).makeOptionMandatory())
    .requiredOption("--name <name>", "whose it is", (text) => {
      if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u.test(text)) {
        throw new InvalidArgumentError("Use up to 40 letters, digits, spaces, dots, underscores and hyphens.");
      }
      return text;
    })
    .option("--hours <hours>", "how long it is good, at most 12", hours, 12)
    .addHelpText("after", `\nExample:\n  kinevla token make --role supervisor --name Sue > sue.token\n${EXIT_HELP}`)
    .action(async (options: MakeOptions) => {
      const { makeToken } = await import("./run-token.js");
      process.exitCode = makeToken(options);
    });
  withStore(token.command("list"))
    .description("list the tokens; an expired one still stops the arm for a week")
    .addHelpText("after", `\nExample:\n  kinevla token list\n${EXIT_HELP}`)
    .action(async (options: TokenOptions) => {
      const { listTokens } = await import("./run-token.js");
      process.exitCode = listTokens(options);
    });
  withStore(token.command("revoke"))
    .description("take a token back; its connections end at once")
    .argument("<id>", "id of the token, from the list")
    .addHelpText("after", `\nExample:\n  kinevla token revoke 1a2b3c4d\n${EXIT_HELP}`)
    .action(async (id: string, options: TokenOptions) => {
      const { revokeToken } = await import("./run-token.js");
      process.exitCode = revokeToken(id, options);
    });
}

function withStore(command: Command): Command {
  return command
    .option("--config <file>", "configuration of the daemon", projectPath("daemon", "config", "lab.yaml"))
    .option("--json", "print JSON, for programs");
}

function hours(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 12)) {
    throw new InvalidArgumentError("Give a number of hours above 0, at most 12.");
  }
  return value;
}
