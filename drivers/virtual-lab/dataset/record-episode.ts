import { type Disturbances, type Extent, runEpisode } from "../expert/episode.js";
import { anywhere, nearHome } from "../expert/expert.js";
import { drawMistake, type Mistake } from "../expert/mistake.js";
import { POSE_LENGTH, Simulation } from "../physics/simulation.js";
import { Raster } from "../render/raster.js";
import { readVisuals } from "../render/visuals.js";
import { HOME } from "../scene/home.js";
import type { Verdict } from "../scene/judge.js";
import { createRandom } from "../scene/random.js";
import { drawScene } from "../scene/scene-spec.js";
import { TASKS } from "../scene/tasks.js";
import { stepRow } from "./format.js";

/** One episode of training data, in memory. */
export interface RecordedEpisode {
  readonly task: number;
  readonly instruction: string;
  readonly seed: number;
  readonly verdict: Verdict;
  /** Where the carrot was gripped: m from its middle towards its upper end; null when it was not lifted. */
  readonly grip: number | null;
  readonly disturbed: boolean;
  /** The mistake that it shows how to get over. */
  readonly mistake?: Mistake["kind"];
  readonly extent: Extent;
  /** The episode shows what it is for. */
  readonly succeeded: boolean;
  readonly rows: readonly (readonly number[])[];
  readonly front: readonly Uint8Array[];
  readonly wrist: readonly Uint8Array[];
}

/** Start pose and disturbances must not come from the scene's stream: proprioception would tell where the object lies. */
const EPISODE_STREAM = 0x51a27;
/** Apart from both, so that the rest of an episode is the same with any share of mistakes. */
const MISTAKE_STREAM = 0x3a5c9;
const CANONICAL_SHARE = 0.4;
const BURST_SHARE = 0.6;
const EARLY_CLOSE_SHARE = 0.2;
/**
 * Episodes that start anywhere over the table and end with the lift. From home alone a low hand is always over the
 * bread, and a policy learns to come down wherever it is.
 */
const GRASP_SHARE = 0.6;

/** Runs and films one trial of a task with everything drawn from the seed; `mistakes` is the chance that it shows one. */
export async function recordEpisode(
  seed: number,
  task: number,
  mistakes: number,
  resize: (rgb: Uint8Array) => Uint8Array,
): Promise<RecordedEpisode> {
  const wanted = TASKS[task];
  if (wanted === undefined) {
    throw new RangeError(`there is no task ${task}; there are ${TASKS.length}`);
  }
  const random = createRandom(seed ^ EPISODE_STREAM);
  const scene = drawScene(seed, wanted.kind);
  const extent: Extent = random.chance(GRASP_SHARE) ? "grasp" : "task";
  const start = extent === "grasp" ? anywhere(HOME, random) : nearHome(HOME, random.unit);
  const wordings = random.chance(CANONICAL_SHARE) ? [wanted.instruction] : wanted.paraphrases;
  const instruction = wordings[random.index(wordings.length)] ?? wanted.instruction;
  const bursts = random.chance(BURST_SHARE);
  const earlyClose = random.chance(EARLY_CLOSE_SHARE);
  const apart = createRandom(seed ^ MISTAKE_STREAM);
  const mistake = apart.chance(mistakes) ? drawMistake(wanted, extent === "task", apart) : null;
  const disturbances: Disturbances = { bursts, earlyClose: earlyClose && mistake?.kind !== "miss", mistake };
  const simulation = await Simulation.create(scene, start);
  try {
    const raster = new Raster(readVisuals(simulation, scene));
    const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
    const rows: (readonly number[])[] = [];
    const front: Uint8Array[] = [];
    const wrist: Uint8Array[] = [];
    const { verdict, grip, lifted } = runEpisode(simulation, start, wanted, random, disturbances, extent, {
      exposure: () => simulation.readPoses(poses),
      step: (step) => {
        rows.push(stepRow(step));
        raster.place(poses);
        front.push(resize(raster.render("front", poses)));
        wrist.push(resize(raster.render("wrist", poses)));
      },
    });
    return {
      task,
      instruction,
      seed,
      verdict,
      grip,
      disturbed: bursts || disturbances.earlyClose || mistake !== null,
      ...(mistake === null ? {} : { mistake: mistake.kind }),
      extent,
      succeeded: extent === "grasp" ? lifted : verdict.kinematic,
      rows,
      front,
      wrist,
    };
  } finally {
    simulation.close();
  }
}
