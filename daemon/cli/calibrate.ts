import { userInfo } from "node:os";
import { createInterface } from "node:readline";
import { Argument, type Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { CAMERA_ROLES, type CameraRole } from "../types/frame.js";
import type { StandOptions } from "./calibrate/stand.js";
import { EXIT_HELP } from "./exit-code.js";
import { note } from "./print.js";
import { millimetres, wholeNumber } from "./whole-number.js";

/** Options of `kinevla calibrate show`. */
export interface ShowOptions {
  readonly config: string;
  readonly folder?: string;
  readonly arm?: string;
  readonly maxAgeDays?: number;
  readonly json?: true;
}

/** Options of `kinevla calibrate puppet`. */
export interface CalibratePuppetOptions {
  readonly config: string;
  readonly arm: string;
  readonly by: string;
}

/** Options of `kinevla calibrate doubt` and `kinevla calibrate confirm`. */
export interface DoubtOptions {
  readonly config: string;
  readonly by: string;
  readonly because?: string;
}

/** `kinevla calibrate`: calibrates cameras, table, leader and gripper, and says whether what there is may be used. */
export function register(program: Command): void {
  const calibrate = program.command("calibrate").description("calibrations of cameras, table, leader and gripper");
  registerShow(calibrate);
  registerPuppet(calibrate);
  registerDoubt(calibrate);
  const role = (): Argument => new Argument("<camera>", "which one").choices(CAMERA_ROLES);
  const looking = (name: string, words: string, more: string): Command =>
    calibrate
      .command(name)
      .description(words)
      .requiredOption("--config <file>", "configuration with a section calibration, which says where the file goes")
      .option("--by <name>", "who calibrates", userInfo().username)
      .option("--square <mm>", "side of the board's squares; the board has 10 x 7 of them", millimetres, 25)
      .option("--lab <url>", "control address of a virtual lab, which then shows the board and says yes")
      .option("--no-real-time", "run the arm process without real-time scheduling")
      .addHelpText("after", `\nEnd \`kinevla start\` first. ${more}\n${EXIT_HELP}`);
  const example = (command: string): string =>
    `\n\nExample:\n  kinevla calibrate ${command} --config /etc/kinevla/kinevla.yaml`;
  const moves = "It asks before the arm moves; every motion goes through arm process and guard, and Ctrl-C stops it.";

  looking("camera", "the lens of a camera, from pictures of a chessboard", `Nothing moves.${example("camera front")}`)
    .addArgument(role())
    .action(async (which: CameraRole, options: StandOptions) => {
      const { runCalibrateCamera } = await import("./calibrate/run-camera.js");
      process.exitCode = await runCalibrateCamera(which, options);
    });
  looking(
    "hand-eye",
    "where a camera is: wrist camera to flange, front camera to base",
    moves + example("hand-eye wrist"),
  )
    .addArgument(role())
    .action(async (which: CameraRole, options: StandOptions) => {
      const { runCalibrateHandEye } = await import("./calibrate/run-hand-eye.js");
      process.exitCode = await runCalibrateHandEye(which, options);
    });
  looking("table", "the table's plane, from a board that lies on it", moves + example("table --thickness 3"))
    .option("--thickness <mm>", "of the board", millimetres, 3)
    .action(async (options: StandOptions & { readonly thickness: number }) => {
      const { runCalibrateTable } = await import("./calibrate/run-table.js");
      process.exitCode = await runCalibrateTable(options);
    });
  looking("gripper", "what the gripper reports closed and open", moves + example("gripper")).action(
    async (options: StandOptions) => {
      const { runCalibrateGripper } = await import("./calibrate/run-gripper.js");
      process.exitCode = await runCalibrateGripper(options);
    },
  );
  looking("roles", "make sure which camera is which, and pin both to their devices", moves + example("roles")).action(
    async (options: StandOptions) => {
      const { runCalibrateRoles } = await import("./calibrate/run-roles.js");
      process.exitCode = await runCalibrateRoles(options);
    },
  );
}

function registerShow(calibrate: Command): void {
  calibrate
    .command("show")
    .description("list the calibrations of this arm, and why one may not be used")
    .option("--config <file>", "configuration file", projectPath("daemon", "config", "real-arm.yaml"))
    .option("--folder <folder>", "where the calibration files are; calibration.directory by default")
    .option("--arm <serial>", "serial number on the arm's nameplate; calibration.arm by default")
    .option("--max-age-days <n>", "older ones are stale; calibration.max_age_days by default", wholeNumber)
    .option("--json", "print one JSON object a calibration, for programs")
    .addHelpText(
      "after",
      `
Example:
  kinevla calibrate show --config /etc/kinevla/kinevla.yaml
${EXIT_HELP}`,
    )
    .action(async (options: ShowOptions) => {
      process.exitCode = (await import("./calibrate/run-show.js")).runCalibrateShow(options);
    });
}

function registerDoubt(calibrate: Command): void {
  const add = (name: string, words: string, more: string): Command =>
    calibrate
      .command(name)
      .description(words)
      .requiredOption("--config <file>", "configuration with a section calibration")
      .option("--by <name>", "who says so", userInfo().username)
      .addHelpText("after", `\n${more}\n${EXIT_HELP}`);
  add(
    "doubt",
    "say that a camera, the table or the arm was moved: no policy runs on what was calibrated before",
    `The daemon notes a collision of the arm by itself. Example:
  kinevla calibrate doubt --config /etc/kinevla/kinevla.yaml --because "the front camera was mounted anew"`,
  )
    .requiredOption("--because <words>", "what happened")
    .action(async (options: DoubtOptions) => {
      process.exitCode = (await import("./calibrate/run-doubt.js")).runDoubt(options);
    });
  add(
    "confirm",
    "say that the calibrations still hold after a collision, or after somebody doubted them",
    `Look first: are cameras, table and arm where they were, and do the pictures of kinevla doctor show what they did?
For whoever maintains the cell: whoever may write the folder of the calibrations. Example:
  sudo kinevla calibrate confirm --config /etc/kinevla/kinevla.yaml --by Sue`,
  ).action(async (options: DoubtOptions) => {
    process.exitCode = (await import("./calibrate/run-doubt.js")).runConfirm(options);
  });
}

function registerPuppet(calibrate: Command): void {
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
        const { runCalibratePuppet } = await import("./calibrate/run-puppet.js");
        process.exitCode = await runCalibratePuppet(options, async (words) => {
          note(words);
          return (await answers.next()).done !== true;
        });
      } finally {
        lines.close();
      }
    });
}
