import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";

/** `kinevla recover`: joints that stand outside their limits, back inside. */
export function register(program: Command): void {
  const command = program
    .command("recover")
    .description("bring joints back that stand outside their limits, while a key is held; for supervisors");
  withControlOptions(command)
    .addHelpText(
      "after",
      `
It says first which joints it moves and how far they are out, then waits for the space bar. At most 5 degrees a second (J5 to J7: 10) and
50 mm/s at every part of the arm; joints that stand inside their limits stand still. Letting go stops the arm. Where it stands by, it is
stopped and latched first. Afterwards it is still latched: look at it, then kinevla ack.

Example:
  kinevla recover --token-file sue.token
${EXIT_HELP}`,
    )
    .action(async (options: OperatorOptions) => {
      const { runRecover } = await import("./run-recover.js");
      process.exitCode = await runRecover(options);
    });
}
