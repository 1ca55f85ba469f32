import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";

/** `kinevla replay`: a recorded episode on the arm, or against the present code alone. */
export function register(program: Command): void {
  const command = program
    .command("replay")
    .description(
      "move the arm as in a recorded episode: slowly to its first pose, then setpoint by setpoint at the recorded times, " +
        "gripper too, each through the guard; at the end it shows how far measured positions then and now differ. " +
        "The table should be as it was then. Ctrl-C stops the arm first",
    )
    .argument("<episode>", "the .mcap file; to move the arm it lies in the daemon's folder of recordings")
    .option(
      "--dry-run",
      "nothing moves: the recorded setpoints through the present guard, the chunks through the planner",
    )
    .option("--config <file>", "for --dry-run: names the limits", projectPath("daemon", "config", "lab.yaml"));
  withControlOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  kinevla record list
  kinevla replay 20261129T070341.123Z-demonstration-1a2b3c4d.mcap
  kinevla replay --json 20261129T070341.123Z-demonstration-1a2b3c4d.mcap
  kinevla replay --dry-run .run/recordings/20261129T070341.123Z-policy-1a2b3c4d.mcap
${EXIT_HELP}`,
    )
    .action(async (episode: string, options: OperatorOptions & { readonly config: string; readonly dryRun?: true }) => {
      if (options.dryRun) {
        const { runDryReplay } = await import("./run-dry-replay.js");
        process.exitCode = await runDryReplay(episode, options.config, options.json ?? false);
      } else {
        const { runReplay } = await import("./run-replay.js");
        process.exitCode = await runReplay(episode, options);
      }
    });
}
