import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";

/** `kinevla replay`: what the present code does with a recorded run. */
export function register(program: Command): void {
  program
    .command("replay")
    .description("give a recorded episode to the present planner and guard and show what differs; nothing moves")
    .argument("<episode>", "the .mcap file")
    .requiredOption("--dry-run", "against the log alone, without an arm")
    .option("--config <file>", "configuration with the limits", projectPath("daemon", "config", "lab.yaml"))
    .option("--json", "the figures as JSON alone")
    .addHelpText(
      "after",
      "\nExample:\n  kinevla replay --dry-run .run/recordings/20261129T070341.123Z-policy-1a2b3c4d.mcap",
    )
    .action(async (episode: string, options: { readonly config: string; readonly json?: true }) => {
      const { runReplay } = await import("./run-replay.js");
      process.exitCode = await runReplay(episode, options.config, options.json ?? false);
    });
}
