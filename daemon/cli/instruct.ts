import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";

/** `kinevla instruct`: one task, from control to its end. */
export function register(program: Command): void {
  const command = program
    .command("instruct")
    .description(
      "send an instruction and follow it to its end; asks about a wording that the policy was not trained on; " +
        "Ctrl-C stops the arm first",
    )
    .argument("<instruction...>", "what the arm should do")
    .option("--no-home", "start from where the arm stands instead of the home pose")
    .option("--confirm", "run it although the policy was not trained on this wording");
  withControlOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  kinevla instruct "pick up the bread and move it to the left front"
  kinevla instruct --no-home --json pick up the bread and move it to the front
${EXIT_HELP}`,
    )
    .action(async (words: string[], options: OperatorOptions & { home: boolean; confirm?: true }) => {
      const { runInstruct } = await import("./run-instruct.js");
      process.exitCode = await runInstruct(words.join(" "), options);
    });
}
