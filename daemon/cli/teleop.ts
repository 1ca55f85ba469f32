import { type Command, Option } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";

/** What `kinevla teleop` is asked for. */
export interface TeleopOptions extends OperatorOptions {
  readonly clutch: boolean;
  readonly end: boolean;
}

/** `kinevla teleop`: the puppet moves the arm. */
export function register(program: Command): void {
  const command = program
    .command("teleop")
    .description("let the puppet arm take over; shows how far it is from the arm, joint by joint; Ctrl-C stops the arm")
    .addOption(new Option("--clutch", "engage also from another pose; the offset decays slowly").default(false))
    .addOption(new Option("--end", "take the arm from the puppet and hold").default(false));
  withControlOptions(command)
    .addHelpText(
      "after",
      `
At a terminal it goes on until Enter: let go of the puppet, bring it elsewhere and take over again as often as you like; c engages
from where the puppet is. Without a terminal it ends when the puppet lets go.
Examples:
  kinevla teleop
  kinevla teleop --clutch
  kinevla teleop --end
${EXIT_HELP}`,
    )
    .action(async (options: TeleopOptions) => {
      const { runTeleop } = await import("./run-teleop.js");
      process.exitCode = await runTeleop(options);
    });
}
