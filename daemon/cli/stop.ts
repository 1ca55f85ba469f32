import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withOperatorOptions } from "./operator-options.js";

/** `kinevla stop`: stops the arm, whoever is in control. */
export function register(program: Command): void {
  const command = program
    .command("stop")
    .description("stop the arm at once, whoever is in control; it stays stopped until acknowledged")
    .argument("[reason...]", "why, for the log");
  withOperatorOptions(command)
    .addHelpText(
      "after",
      `
This is no emergency stop: the hardware stop must be in reach as well.

Examples:
  kinevla stop
  kinevla stop hand in the way
${EXIT_HELP}`,
    )
    .action(async (words: string[], options: OperatorOptions) => {
      const { connectOperator, need } = await import("./operator-link.js");
      const { say, sayJson } = await import("./print.js");
      const client = await connectOperator(options);
      const reason = words.join(" ").slice(0, 200);
      try {
        const reply = await need(client.stop(reason === "" ? "kinevla stop" : reason), "accepted");
        if (options.json) {
          sayJson(reply);
        } else {
          say("Stopped and latched. When it is safe: kinevla ack");
        }
      } finally {
        await client.close();
      }
    });
}
