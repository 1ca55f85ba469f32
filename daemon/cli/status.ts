import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withOperatorOptions } from "./operator-options.js";

/** `kinevla status`: what is true now. */
export function register(program: Command): void {
  const command = program
    .command("status")
    .description("show the state of the whole system; exits 7 when it is not ready");
  withOperatorOptions(command)
    .addHelpText("after", `\nExamples:\n  kinevla status\n  kinevla status --json | jq .state.mode\n${EXIT_HELP}`)
    .action(async (options: OperatorOptions) => {
      const { runStatus } = await import("./run-status.js");
      process.exitCode = await runStatus(options);
    });
}
