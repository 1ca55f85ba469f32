import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CAMERA_ROLES } from "../types/frame.js";
import { JOINT_COUNT } from "../types/units.js";
import { DatasetError } from "./dataset-error.js";
import type { ExportedEpisode } from "./exported-episode.js";
import { decodePictures, type PictureShape } from "./pictures.js";
import type { TaskWording } from "./task-wordings.js";

/** Steps that a label looks ahead, as the policy's chunk does. */
const HORIZON = 5;
/** Time constant of the feature gripper-recency, s (models/bundle/manifest.ts). */
const RECENCY = 0.5;

/** Columns of `steps.f32`, in order, as the virtual lab's data sets have them. */
const COLUMNS = [
  { name: "commanded", width: JOINT_COUNT },
  { name: "measured", width: JOINT_COUNT },
  { name: "gripper-commanded", width: 1 },
  { name: "gripper-measured", width: 1 },
  { name: "since-grasp", width: JOINT_COUNT },
  { name: "has-grasped", width: 1 },
  { name: "gripper-recency", width: 1 },
  { name: "label", width: HORIZON * (JOINT_COUNT + 1) },
  { name: "phase", width: 1 },
];

/** The rows of one episode; its phase is 0 before the first close and 1 after it. */
export function stepRows({ steps }: ExportedEpisode): readonly (readonly number[])[] {
  let graspedAt: readonly number[] | null = null;
  let changedAt = Number.NEGATIVE_INFINITY;
  return steps.map((step, index) => {
    const before = steps[index - 1]?.gripperCommanded ?? step.gripperCommanded;
    if (step.gripperCommanded !== before) {
      changedAt = step.at;
      graspedAt = step.gripperCommanded < before ? step.commanded : graspedAt;
    }
    const label = Array.from({ length: HORIZON }, (_, ahead) => {
      const then = steps[Math.min(index + 1 + ahead, steps.length - 1)] ?? step;
      return [...then.commanded.map((angle, joint) => angle - (step.commanded[joint] ?? 0)), then.gripperCommanded];
    });
    const grasp: readonly number[] | null = graspedAt;
    return [
      ...step.commanded,
      ...step.measured,
      step.gripperCommanded,
      step.gripper,
      ...step.commanded.map((angle, joint) => (grasp === null ? 0 : angle - (grasp[joint] ?? 0))),
      grasp === null ? 0 : 1,
      Math.exp(-(step.at - changedAt) / RECENCY),
      ...label.flat(),
      grasp === null ? 0 : 1,
    ];
  });
}

/** Writes a data set of `kinevla.dataset.v1` into a folder: what `models/training` reads. */
export class KinevlaWriter {
  readonly #folder: string;
  readonly #shape: PictureShape;
  readonly #fps: number;
  /** A task for each, in the order in which they came; the texts are looked up at the end. */
  readonly #tasks: TaskWording[] = [];
  readonly #wordings: readonly TaskWording[];
  #episodes = 0;

  constructor(folder: string, shape: PictureShape, fps: number, wordings: readonly TaskWording[]) {
    this.#folder = folder;
    this.#shape = shape;
    this.#fps = fps;
    this.#wordings = wordings;
  }

  async add(episode: ExportedEpisode): Promise<void> {
    const task = this.#taskOf(episode);
    const folder = join(this.#folder, "episodes", String(this.#episodes).padStart(6, "0"));
    const cameras = [];
    for (const role of CAMERA_ROLES) {
      cameras.push({
        role,
        rgb: await decodePictures(
          episode.steps.map((step) => step.pictures[role].jpeg),
          this.#shape,
        ),
      });
    }
    await mkdir(folder, { recursive: true });
    for (const { role, rgb } of cameras) {
      await writeFile(join(folder, `${role}.rgb`), Buffer.concat(rgb));
    }
    const numbers = stepRows(episode).flat();
    const bytes = Buffer.alloc(4 * numbers.length);
    numbers.forEach((value, index) => {
      bytes.writeFloatLE(value, 4 * index);
    });
    await writeFile(join(folder, "steps.f32"), bytes);
    const description = {
      task,
      instruction: episode.instruction,
      goal: true,
      kinematic: true,
      // A correction is no canonical motion: stage I leaves such episodes out.
      disturbed: episode.steps.some(({ intervention }) => intervention),
      steps: episode.steps.length,
    };
    await writeFile(join(folder, "episode.json"), `${JSON.stringify(description)}\n`);
    this.#episodes += 1;
  }

  /** Number of the episode's task; its texts are those of the list of tasks, else those recorded with it. */
  #taskOf({ instruction, steps }: ExportedEpisode): number {
    const known = this.#tasks.findIndex(
      (task) => task.instruction === instruction || task.paraphrases.includes(instruction),
    );
    if (known >= 0) {
      return known;
    }
    const listed = this.#wordings.find(
      (task) => task.instruction === instruction || task.paraphrases.includes(instruction),
    );
    const recorded = steps.find(({ texts }) => texts !== null)?.texts;
    const texts = listed ?? recorded;
    if (texts === undefined || texts === null || texts.coarse === "" || texts.fine === "") {
      throw new DatasetError(
        `nothing says what "${instruction}" means at both levels`,
        "Give --tasks a JSON file with coarse and fine text of this instruction: training learns to write them.",
      );
    }
    this.#tasks.push(listed ?? { instruction, paraphrases: [], coarse: texts.coarse, fine: texts.fine });
    return this.#tasks.length - 1;
  }

  async finish(): Promise<void> {
    const description = {
      schema: "kinevla.dataset.v1",
      imageSize: this.#shape.size,
      period: 1 / this.#fps,
      horizon: HORIZON,
      columns: COLUMNS,
      tasks: this.#tasks.map((task, number) => ({ number, ...task })),
      episodes: this.#episodes,
    };
    await writeFile(join(this.#folder, "dataset.json"), `${JSON.stringify(description, null, 2)}\n`);
  }
}
