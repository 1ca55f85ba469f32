import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";

/** `kinevla home`: to the home pose and no further. */
export function register(program: Command): void {
  const command = program.command("home").description("go to the home pose; Ctrl-C stops the arm first");
  withControlOptions(command)
    .addHelpText("after", `\nExample:\n  kinevla home\n${EXIT_HELP}`)
    .action(async (options: OperatorOptions) => {
      const { runHome } = await import("./run-home.js");
      process.exitCode = await runHome(options);
    });
}
