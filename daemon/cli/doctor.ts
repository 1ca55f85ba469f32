import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";

/** `kinevla doctor`: looks at everything that a start needs. */
export function register(program: Command): void {
  program
    .command("doctor")
    .description("check everything that the daemon needs, and say what to do about each failure")
    .option("--config <file>", "configuration file", projectPath("daemon", "config", "lab.yaml"))
    .option("--json", "print one JSON object a check, for programs")
    .addHelpText(
      "after",
      `
Examples:
  kinevla doctor
  kinevla doctor --config /etc/kinevla/daemon.yaml --json
${EXIT_HELP}`,
    )
    .action(async (options: { config: string; json?: true }) => {
      const { runDoctor } = await import("./doctor/run-doctor.js");
      process.exitCode = await runDoctor(options);
    });
}
