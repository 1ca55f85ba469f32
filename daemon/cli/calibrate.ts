import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";
import { wholeNumber } from "./whole-number.js";

/** Options of `kinevla calibrate show`. */
export interface ShowOptions {
  readonly config: string;
  readonly folder: string;
  readonly arm: string;
  readonly maxAgeDays: number;
  readonly json?: true;
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
}
