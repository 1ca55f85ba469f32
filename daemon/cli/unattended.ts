import { Argument, type Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withOperatorOptions } from "./operator-options.js";

/** `kinevla unattended`: a supervisor's leave to move without hold-to-run. */
export function register(program: Command): void {
  const command = program
    .command("unattended")
    .description("allow motion without hold-to-run for two hours, or no longer; for supervisors")
    .addArgument(new Argument("<on|off>", "whether it is allowed").choices(["on", "off"]));
  withOperatorOptions(command)
    .addHelpText(
      "after",
      `
A latched stop ends it as well. Somebody still has to be in control, and the hardware stop in reach.

Example:
  kinevla unattended on --token-file sue.token
${EXIT_HELP}`,
    )
    .action(async (word: "on" | "off", options: OperatorOptions) => {
      const { connectOperator, need } = await import("./operator-link.js");
      const { say, sayJson } = await import("./print.js");
      const client = await connectOperator(options);
      try {
        const reply = await need(client.request({ type: "allow-unattended", allowed: word === "on" }), "accepted");
        if (options.json) {
          sayJson(reply);
        } else {
          say(word === "on" ? "Motion needs no hold-to-run for two hours." : "Motion needs hold-to-run again.");
        }
      } finally {
        await client.close();
      }
    });
}
