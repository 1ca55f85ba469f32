import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CalibrationName,
  type CalibrationOf,
  type Expected,
  type FILES,
  readCalibration,
  writeCalibration,
} from "../../calibration/files.js";
import { apply, compose, poseOf } from "../../calibration/rigid.js";
import type { Assistant } from "../../daemon/cli/calibrate/assistant.js";
import { type BoardPose, boardPose } from "../../daemon/cli/calibrate/lab-assistant.js";
import type { Sight } from "../../daemon/cli/calibrate/sights.js";
import type { Stand } from "../../daemon/cli/calibrate/stand.js";
import { NO_SIGNATURES_ASKED } from "../../daemon/ports/trust.js";
import type { Board } from "../../daemon/types/board.js";
import type { CameraRole } from "../../daemon/types/frame.js";
import type { JointPosition } from "../../daemon/types/units.js";
import { startBoardEye } from "../../drivers/camera/board-eye.js";
import { type JpegEncoder, loadJpegEncoder } from "../../drivers/virtual-lab/cameras/jpeg.js";
import { createSensorNoise } from "../../drivers/virtual-lab/cameras/sensor-noise.js";
import { POSE_LENGTH, Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { PICTURE_SIZE, Raster } from "../../drivers/virtual-lab/render/raster.js";
import { readVisuals } from "../../drivers/virtual-lab/render/visuals.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { BOARD_HALF_THICKNESS } from "../../drivers/virtual-lab/scene/mjcf.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { drawScene, type SceneSpec } from "../../drivers/virtual-lab/scene/scene-spec.js";

const CELL = { arm: "VIRTUAL-1", cameras: { front: "front", wrist: "wrist" } };
const BOARD: Board = { columns: 9, rows: 6, square: 0.025 };

/** The arm at rest in one pose, ready to be filmed; `board` is where the board's pose stands in `poses`. */
interface Stage {
  readonly raster: Raster;
  readonly poses: Float32Array;
  readonly board: number;
  readonly q: JointPosition;
}

/**
 * A stand in a virtual lab without time: cameras, light and colours are drawn from a seed, the arm rests in each pose at once,
 * and pictures have the lab's noise and JPEG. What it gives does not depend on how fast the machine is.
 */
export class FilmedStand implements Stand {
  readonly scene: SceneSpec;
  readonly board = BOARD;
  readonly home = HOME;
  readonly assistant: Assistant;
  readonly expected: Expected = { cell: CELL, wallTime: Date.now(), maxAgeDays: 1, trust: NO_SIGNATURES_ASKED };
  readonly eye = startBoardEye();
  readonly sights: Stand["sights"] = { board: (role) => this.#look(role) };
  readonly #folder = mkdtempSync(join(tmpdir(), "kinevla-filmed-"));
  readonly #encode: JpegEncoder;
  readonly #stages = new Map<string, Stage>();
  #raster: Raster | undefined;
  #q: JointPosition = HOME;
  #placed: BoardPose = { position: [0.3, 0, 0.003], turn: [0, 0, 0] };

  private constructor(seed: number, encode: JpegEncoder) {
    const bread = { x: 0, y: 0.6, yaw: 0 };
    const carrot = { x: 0, y: -0.6, yaw: 0 };
    this.scene = { ...drawScene(seed, "move-bread"), bread, carrot, plate: { x: 0.2, y: 0.6, yaw: 0 } };
    this.#encode = encode;
    const random = createRandom(1);
    this.assistant = {
      place: (wanted) => {
        this.#placed = boardPose(BOARD, wanted, random);
        return Promise.resolve(true);
      },
      confirm: () => Promise.resolve(true),
      close: () => undefined,
    };
  }

  /** Loads OpenCV for its JPEG; one in a process at a time. */
  static async open(seed: number): Promise<FilmedStand> {
    return new FilmedStand(seed, await loadJpegEncoder(createSensorNoise(seed)));
  }

  get common() {
    return { format: "kinevla-calibration-1", measuredAt: new Date().toISOString(), by: "test" } as const;
  }

  cameraId(role: CameraRole): string {
    return role;
  }

  need<Name extends CalibrationName>(name: Name): CalibrationOf<(typeof FILES)[Name]["kind"]> {
    const read = readCalibration(this.#folder, name, this.expected);
    if (read.kind !== "good") {
      throw new Error(read.reason);
    }
    return read.calibration;
  }

  write(name: CalibrationName, calibration: Parameters<Stand["write"]>[1]): string {
    return writeCalibration(this.#folder, name, calibration);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async visit(...[poses, act]: Parameters<Stand["visit"]>): Promise<void> {
    for (const [index, pose] of poses.entries()) {
      this.#q = pose;
      await act((await this.#stage()).q, index);
    }
  }

  async close(): Promise<void> {
    await this.eye.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #look(role: CameraRole): Promise<Sight | null> {
    const stage = await this.#stage();
    const [x, y, z] = this.#placed.turn;
    const turned = [poseOf([0, 0, z], [0, 0, 0]), poseOf([0, y, 0], [0, 0, 0]), poseOf([x, 0, 0], [0, 0, 0])];
    const { rotation } = turned.reduce(compose);
    const middle = apply({ position: this.#placed.position, rotation }, [0, 0, -BOARD_HALF_THICKNESS]);
    for (let row = 0; row < 3; row += 1) {
      stage.poses.set([...rotation.slice(3 * row, 3 * row + 3), middle[row] ?? 0], stage.board * POSE_LENGTH + 4 * row);
    }
    stage.raster.place(stage.poses);
    const jpeg = this.#encode(stage.raster.render(role, stage.poses), PICTURE_SIZE);
    const { corners, width, height } = await this.eye.find(jpeg, BOARD);
    return corners === null ? null : { corners, width, height };
  }

  /** One simulation and one rasteriser a picture would take most of the time. */
  async #stage(): Promise<Stage> {
    const known = this.#stages.get(this.#q.join());
    if (known !== undefined) {
      return known;
    }
    const scene = { ...this.scene, board: { ...BOARD, position: [0.3, 0, 0.1], turn: [0, 0, 0] } } as const;
    const simulation = await Simulation.create(scene, this.#q);
    this.#raster ??= new Raster(readVisuals(simulation, scene));
    const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
    simulation.readPoses(poses);
    const board = simulation.geoms().find(({ name }) => name === "board")?.index ?? 0;
    const stage = { raster: this.#raster, poses, board, q: simulation.measured() };
    simulation.close();
    this.#stages.set(this.#q.join(), stage);
    return stage;
  }
}
