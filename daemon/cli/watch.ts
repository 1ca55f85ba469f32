import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withOperatorOptions } from "./operator-options.js";

/** `kinevla watch`: everything that happens, without control. */
export function register(program: Command): void {
  const command = program
    .command("watch")
    .description("show what happens until Ctrl-C; takes no control and stops nothing")
    .option("--state <hz>", "with --json: print state too, at most this often", Number);
  withOperatorOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  kinevla watch
  kinevla watch --json --state 10 | jq -c 'select(.type == "state") | .measured'
${EXIT_HELP}`,
    )
    .action(async (options: OperatorOptions & { state?: number }) => {
      const { runWatch } = await import("./run-watch.js");
      process.exitCode = await runWatch(options);
    });
}
