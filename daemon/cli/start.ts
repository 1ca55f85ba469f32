import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";
import { wholeNumber } from "./whole-number.js";

/** Options of `kinevla start`. */
export interface StartOptions {
  readonly config: string;
  readonly instruction: string;
  readonly seed: number;
  readonly realTime: boolean;
}

/** `kinevla start`: the virtual lab and the daemon together, one instruction, and then it stays up. */
export function register(program: Command): void {
  program
    .command("start")
    .description("start the virtual lab and the daemon, follow one instruction, and stay up")
    .option("--config <file>", "configuration file", projectPath("daemon", "config", "lab.yaml"))
    .option("--instruction <text>", "what to do first", "pick up the bread and move it to the left front")
    .option("--seed <n>", "seed of the lab's table", wholeNumber, 7)
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .addHelpText("after", `\nCtrl-C stops the arm first, then everything else.\n${EXIT_HELP}`)
    .action(async (options: StartOptions) => {
      const { runStart } = await import("./run-start.js");
      process.exitCode = await runStart(options);
    });
}
