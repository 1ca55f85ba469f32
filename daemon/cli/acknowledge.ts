import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";

/** `kinevla ack`: clears a latched stop whose cause is gone. */
export function register(program: Command): void {
  const command = program
    .command("ack")
    .description("acknowledge a latched stop whose cause is gone; nothing moves by it")
    .argument("[reason...]", "what was done about it, for the log");
  withControlOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  kinevla ack
  kinevla ack the cup is off the table
${EXIT_HELP}`,
    )
    .action(async (words: string[], options: OperatorOptions) => {
      const { inControl } = await import("./in-control.js");
      const { need } = await import("./operator-link.js");
      const { say, sayJson } = await import("./print.js");
      const { EXIT } = await import("./exit-code.js");
      const reason = words.join(" ").slice(0, 200);
      process.exitCode = await inControl(options, [], async ({ client }) => {
        const request = { type: "acknowledge", reason: reason === "" ? "kinevla ack" : reason } as const;
        const reply = await need(client.requestInControl(request), "accepted");
        if (options.json) {
          sayJson(reply);
        } else {
          say("Acknowledged. The arm stands by.");
        }
        return EXIT.done;
      });
    });
}
