import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Calibration,
  type CalibrationName,
  type CalibrationOf,
  type Expected,
  type FILES,
  readCalibration,
  writeCalibration,
} from "../../../calibration/files.js";
import type { Refusal } from "../../../calibration/hand-eye.js";
import { startBoardEye } from "../../../drivers/camera/board-eye.js";
import { createCameras } from "../../../drivers/camera/cameras.js";
import { camerasOptions } from "../../composition/cameras-options.js";
import { expectedCalibrations } from "../../composition/expected-calibrations.js";
import type { Config } from "../../config/config.js";
import { MeasuringCell } from "../../measure/measuring-cell.js";
import type { BoardEye } from "../../ports/board-eye.js";
import type { Cameras } from "../../ports/camera.js";
import type { Board } from "../../types/board.js";
import type { CameraRole } from "../../types/frame.js";
import type { JointPosition } from "../../types/units.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { personAt } from "../measure/ask.js";
import { armOf, mustBeAlone, stopOnInterrupt } from "../measure/at-the-arm.js";
import { configOf } from "../measure/evidence-place.js";
import { note } from "../print.js";
import { type Assistant, assistantAt } from "./assistant.js";
import { labAssistant } from "./lab-assistant.js";
import { Sights } from "./sights.js";
import { tellToSign } from "./tell-to-sign.js";
import { despiteStops, visit } from "./visit.js";

/** Options of every calibration that looks or moves. */
export interface StandOptions {
  readonly config: string;
  readonly by: string;
  /** Control address of a virtual lab, which then shows the board and answers. */
  readonly lab?: string;
  /** Side of the board's squares, mm. */
  readonly square: number;
  readonly realTime: boolean;
}

/** Side of the pictures in which changes are looked for, pixels. */
const SMALL = 64;

/** What calibrations that look at boards work with. */
export interface Stand {
  readonly board: Board;
  readonly home: JointPosition;
  readonly assistant: Assistant;
  readonly expected: Expected;
  readonly eye: BoardEye;
  readonly sights: Pick<Sights, "board">;
  /** What every file begins with. */
  readonly common: Pick<Calibration, "format" | "measuredAt" | "by">;
  /** What a camera is known by; throws CliError where it is not there, has no lasting name, or is both cameras. */
  cameraId(role: CameraRole): string;
  /** A calibration that another one rests on; throws CliError where there is none that may be used. */
  need<Name extends CalibrationName>(name: Name): CalibrationOf<(typeof FILES)[Name]["kind"]>;
  /** Writes a calibration in place of the one before; gives its path. */
  write(name: CalibrationName, calibration: Calibration): string;
  /** Brings the arm to its home pose, once somebody allowed it; `moves` says what will move then. Throws CliError otherwise. */
  prepare(moves: string): Promise<void>;
  /** Goes from pose to pose, rad, and does something at each once the arm stands there; throws CliError where it cannot. */
  visit(poses: readonly JointPosition[], act: (measured: JointPosition, index: number) => Promise<void>): Promise<void>;
}

/** A configured cell; everything is opened when it is needed first. */
export class CellStand implements Stand {
  readonly config: Config;
  readonly board: Board;
  readonly assistant: Assistant;
  readonly expected: Expected;
  readonly home: JointPosition;
  readonly #folder: string;
  readonly #options: StandOptions;
  readonly #work = mkdtempSync(join(tmpdir(), "kinevla-calibrate-"));
  readonly #interruption = stopOnInterrupt(
    () => this.#cell ?? this.#starting,
    // A picture that may never come is not waited for.
    () => void this.#cameras?.close(),
  );
  #cell: MeasuringCell | null = null;
  #starting: MeasuringCell | null = null;
  #eye: BoardEye | null = null;
  #cameras: Cameras | null = null;
  #sights: Sights | null = null;

  constructor(options: StandOptions, config: Config, place: NonNullable<Config["calibration"]>) {
    this.#options = options;
    this.config = config;
    this.home = config.home;
    this.#folder = place.directory;
    this.expected = expectedCalibrations(config, place, Date.now());
    this.board = { columns: 9, rows: 6, square: options.square / 1000 };
    const assistant =
      options.lab === undefined
        ? assistantAt(personAt(process.stdin, process.stderr, this.#interruption.stop))
        : labAssistant(options.lab, this.board);
    // After Ctrl-C nobody is asked whether to go on.
    this.assistant = {
      place: async (wanted, words) => !this.interrupted && (await assistant.place(wanted, words)),
      confirm: async (question) => !this.interrupted && (await assistant.confirm(question)),
      close: () => assistant.close(),
    };
  }

  get interrupted(): boolean {
    return this.#interruption.happened();
  }

  get eye(): BoardEye {
    this.#eye ??= startBoardEye();
    return this.#eye;
  }

  get sights(): Sights {
    if (this.interrupted) {
      throw left();
    }
    const images = { size: SMALL, crop: 1, rotate180: { front: false, wrist: false } };
    this.#cameras ??= createCameras(camerasOptions(this.config, images));
    this.#sights ??= new Sights(this.#cameras, () => this.eye, this.board, join(this.#folder, "pictures"));
    return this.#sights;
  }

  cameraId(role: CameraRole): string {
    const { front, wrist } = this.expected.cell.cameras;
    const id = role === "front" ? front : wrist;
    const hint = `Set cameras.${role} to a path below /dev/v4l/by-id (by-path where there is none): ls -l /dev/v4l/*`;
    if (id === null) {
      throw new CliError(EXIT.unhealthy, "no-camera", `There is no ${role} camera at its configured path.`, hint);
    }
    const camera = this.config.cameras[role];
    if ("device" in camera && /^\/dev\/video\d+$/.test(camera.device)) {
      const words = `${camera.device} is another camera after the next start.`;
      throw new CliError(EXIT.usage, "camera-name", words, hint);
    }
    if (front === wrist) {
      throw new CliError(EXIT.usage, "one-camera", `Front and wrist camera are the same one, ${id}.`, hint);
    }
    return id;
  }

  /** The arm at its home pose, once somebody allowed it; `moves` says what will move. Throws CliError otherwise. */
  async arm(moves: string): Promise<MeasuringCell> {
    if (this.#cell !== null) {
      return this.#cell;
    }
    const question = `The arm goes to its home pose; then ${moves}. Is nobody and nothing in its reach, and the emergency stop at hand?`;
    if (!(await this.assistant.confirm(question))) {
      throw left();
    }
    note("  starting arm process and guardian, going home");
    const start = {
      config: this.config,
      arm: armOf(this.config),
      realTime: this.#options.realTime,
      folder: this.#work,
      onBegun: (begun: MeasuringCell): void => {
        this.#starting = begun;
      },
    };
    this.#cell = await despiteStops(this.assistant, () => MeasuringCell.start(start));
    return this.#cell;
  }

  async prepare(moves: string): Promise<void> {
    await this.arm(moves);
  }

  async visit(
    poses: readonly JointPosition[],
    act: (measured: JointPosition, index: number) => Promise<void>,
  ): Promise<void> {
    if (this.#cell === null) {
      throw new Error("the arm was not prepared");
    }
    await visit(this.assistant, this.#cell, poses, act);
  }

  need<Name extends CalibrationName>(name: Name): CalibrationOf<(typeof FILES)[Name]["kind"]> {
    const read = readCalibration(this.#folder, name, this.expected);
    if (read.kind !== "good") {
      throw new CliError(EXIT.unhealthy, `calibration-${read.kind}`, `It needs ${name}: ${read.reason}.`, read.hint);
    }
    return read.calibration;
  }

  get common(): Pick<Calibration, "format" | "measuredAt" | "by"> {
    return { format: "kinevla-calibration-1", measuredAt: new Date().toISOString(), by: this.#options.by };
  }

  write(name: CalibrationName, calibration: Calibration): string {
    const path = writeCalibration(this.#folder, name, calibration);
    tellToSign(path, this.config);
    return path;
  }

  async close(): Promise<void> {
    this.assistant.close();
    this.#interruption.forget();
    await this.#cell?.close();
    await this.#cameras?.close();
    await this.#eye?.close();
    rmSync(this.#work, { recursive: true, force: true });
  }
}

/** Does a calibration, alone with the cell, and ends everything that it started. */
export async function atStand(options: StandOptions, work: (stand: CellStand) => Promise<void>): Promise<ExitCode> {
  const config = configOf(options.config);
  const { calibration } = config;
  if (calibration === undefined) {
    const hint = "Add: calibration: { directory: <folder>, arm: <number on the nameplate>, max_age_days: 90 }";
    throw new CliError(EXIT.usage, "no-section", `${config.file} has no section calibration.`, hint);
  }
  if (options.lab !== undefined && (config.arm.link.kind !== "tcp" || config.arm.link.host !== "127.0.0.1")) {
    const hint = "At an arm somebody says yes each time; leave --lab out.";
    throw new CliError(EXIT.usage, "lab", "--lab is for the virtual lab only: arm.link must be 127.0.0.1.", hint);
  }
  await mustBeAlone(config);
  const stand = new CellStand(options, config, calibration);
  try {
    await work(stand);
    return EXIT.done;
  } catch (error) {
    if (stand.interrupted) {
      return EXIT.interrupted;
    }
    throw error;
  } finally {
    await stand.close();
  }
}

/** Nobody wants to go on. */
export function left(): CliError {
  return new CliError(EXIT.unfinished, "ended", "Ended; nothing was written.", "Begin anew when you are ready.");
}

/** A solver's result; throws CliError with its reason where it has none. */
export function solved<T extends object>(found: T | Refusal): T {
  if ("reason" in found && "hint" in found) {
    throw new CliError(EXIT.unfinished, "not-calibrated", `${found.reason}. Nothing was written.`, found.hint);
  }
  return found;
}
