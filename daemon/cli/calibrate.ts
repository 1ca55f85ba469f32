import { userInfo } from "node:os";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";
import { note } from "./print.js";
import { wholeNumber } from "./whole-number.js";

/** Options of `kinevla calibrate show`. */
export interface ShowOptions {
  readonly config: string;
  readonly folder: string;
  readonly arm: string;
  readonly maxAgeDays: number;
  readonly json?: true;
}

/** Options of `kinevla calibrate puppet`. */
export interface CalibratePuppetOptions {
  readonly config: string;
  readonly arm: string;
  readonly by: string;
}

/** `kinevla calibrate`: what is calibrated, and whether it may be used. */
export function register(program: Command): void {
  const calibrate = program.command("calibrate").description("calibrations of cameras, table, leader and gripper");
  calibrate
    .command("show")
    .description("list the calibrations of this arm, and why one may not be used")
    .requiredOption("--folder <folder>", "where the calibration files are")
    .requiredOption("--arm <serial>", "serial number on the arm's nameplate")
    .option("--config <file>", "configuration file, for the cameras", projectPath("daemon", "config", "real-arm.yaml"))
    .option("--max-age-days <n>", "older ones are stale", wholeNumber, 180)
    .option("--json", "print one JSON object a calibration, for programs")
    .addHelpText(
      "after",
      `
Example:
  kinevla calibrate show --folder /var/lib/kinevla/calibration --arm 75B2410113 --config /etc/kinevla/kinevla.yaml
${EXIT_HELP}`,
    )
    .action(async (options: ShowOptions) => {
      process.exitCode = (await import("./run-calibrate-show.js")).runCalibrateShow(options);
    });
  calibrate
    .command("puppet")
    .description("find sign, zero and scale of each joint of the leader arm, and the range of its handle")
    .requiredOption("--config <file>", "configuration with a section puppet; the calibration goes where it says")
    .requiredOption("--arm <serial>", "serial number on the arm's nameplate")
    .option("--by <name>", "who calibrates", userInfo().username)
    .addHelpText(
      "after",
      `
End \`kinevla start\` first: only one program may read the leader. Nothing moves the arm. It asks for two poses of the
leader, for each joint turned alone, and for the handle; each is read when Enter is pressed.

Example:
  kinevla calibrate puppet --config /etc/kinevla/kinevla.yaml --arm 75B2410113
${EXIT_HELP}`,
    )
    .action(async (options: CalibratePuppetOptions) => {
      const lines = createInterface({ input: process.stdin, terminal: false });
      const answers = lines[Symbol.asyncIterator]();
      try {
        const { runCalibratePuppet } = await import("./run-calibrate-puppet.js");
        process.exitCode = await runCalibratePuppet(options, async (words) => {
          note(words);
          return (await answers.next()).done !== true;
        });
      } finally {
        lines.close();
      }
    });
}
