import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filter, firstValueFrom, throwError, timeout } from "rxjs";
import type { BoardEye } from "../../ports/board-eye.js";
import type { Cameras } from "../../ports/camera.js";
import { hostClock } from "../../ports/clock.js";
import type { Board, PicturePoint } from "../../types/board.js";
import { CAMERA_ROLES, type CameraRole, type Frame } from "../../types/frame.js";
import type { Seconds } from "../../types/units.js";
import { CliError, EXIT } from "../exit-code.js";
import { note } from "../print.js";

/** What is received after this long was filmed after the question: a camera and its line delay less. */
const DELAY: Seconds = 0.3;
const PICTURE_WITHIN_MS = 10_000;

/** A board as a camera saw it. */
export interface Sight {
  readonly corners: readonly PicturePoint[];
  readonly width: number;
  readonly height: number;
}

/** The one way in which calibrations look at things: fresh pictures, boards in them, and files of what was found. */
export class Sights {
  readonly #cameras: Cameras;
  readonly #eye: () => BoardEye;
  readonly #board: Board;
  readonly #folder: string;
  #fault = "";

  /** Pictures are kept in `folder`. */
  constructor(cameras: Cameras, eye: () => BoardEye, board: Board, folder: string) {
    this.#cameras = cameras;
    this.#eye = eye;
    this.#board = board;
    this.#folder = folder;
    cameras.faults.subscribe((faults) => {
      this.#fault = faults.map(({ role, detail }) => `${role} camera: ${detail}`).join("; ");
    });
  }

  /** Frames of both cameras that were filmed from now on; throws CliError where one sends none. */
  async frames(): Promise<Readonly<Record<CameraRole, Frame>>> {
    const after = hostClock.now() + DELAY;
    const [front, wrist] = await Promise.all(CAMERA_ROLES.map((role) => this.#frame(role, after)));
    if (front === undefined || wrist === undefined) {
      throw new Error("two cameras gave fewer frames");
    }
    return { front, wrist };
  }

  /** What a camera sees from now on, JPEG; kept as a file. */
  async picture(role: CameraRole, name: string): Promise<{ readonly jpeg: Uint8Array; readonly file: string }> {
    await this.#frame(role, hostClock.now() + DELAY);
    const jpeg = await this.#cameras.jpeg(role);
    return { jpeg, file: this.#keep(`${name}.jpg`, jpeg) };
  }

  /** The board in a fresh picture; null where it is not wholly seen. The picture is kept with what was found in it. */
  async board(role: CameraRole, name: string): Promise<Sight | null> {
    await this.#frame(role, hostClock.now() + DELAY);
    const { corners, width, height, drawn } = await this.#eye().find(await this.#cameras.jpeg(role), this.#board);
    const file = this.#keep(`${name}.png`, drawn);
    note(`  ${name}: ${corners === null ? `the board is not wholly seen; look at ${file}` : "board found"}`);
    return corners === null ? null : { corners, width, height };
  }

  #frame(role: CameraRole, after: number): Promise<Frame> {
    return firstValueFrom(
      this.#cameras.frames.pipe(
        filter((frame) => frame.role === role && frame.capturedAt > after),
        timeout({ first: PICTURE_WITHIN_MS, with: () => throwError(() => this.#blindness(role)) }),
      ),
    );
  }

  #blindness(role: CameraRole): CliError {
    const why = this.#fault === "" ? "it sends no pictures" : this.#fault;
    const hint = "Check its cable and its source in the configuration: kinevla doctor.";
    return new CliError(EXIT.unhealthy, "no-picture", `No picture of the ${role} camera: ${why}`, hint);
  }

  #keep(name: string, bytes: Uint8Array): string {
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, name);
    writeFileSync(file, bytes);
    return file;
  }
}
