import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { PICTURE_SIZE } from "../render/raster.js";
import { createAreaResize } from "./area-resize.js";
import { encodeRows } from "./format.js";
import { type RecordedEpisode, recordEpisode } from "./record-episode.js";

/** What a worker is started with. */
export interface WorkerShare {
  readonly episodes: number;
  readonly seed: number;
  readonly out: string;
  readonly size: number;
  /** Indices into `TASKS`, taken in turn. */
  readonly tasks: readonly number[];
  /** Share of episodes that show how to get over a mistake. */
  readonly mistakes: number;
  /** This worker makes the episodes whose number is `worker` modulo `workers`. */
  readonly worker: number;
  readonly workers: number;
}

/** What a worker reports after each episode. */
export interface WorkerReport {
  readonly episode: number;
  readonly steps: number;
  /** Trials that failed and were thrown away before this one. */
  readonly discarded: number;
}

const MOST_ATTEMPTS = 8;

async function succeed(share: WorkerShare, episode: number, resize: (rgb: Uint8Array) => Uint8Array) {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const seed = ((share.seed * 1_000_003 + episode) * MOST_ATTEMPTS + attempt) % 2 ** 31;
    const recorded = await recordEpisode(seed, share.tasks[episode % share.tasks.length] ?? 0, share.mistakes, resize);
    if (recorded.succeeded) {
      return { recorded, discarded: attempt };
    }
  }
  throw new Error(`episode ${episode} failed ${MOST_ATTEMPTS} times in a row; something is wrong with the scene`);
}

async function write(folder: string, recorded: RecordedEpisode): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "front.rgb"), Buffer.concat(recorded.front));
  await writeFile(join(folder, "wrist.rgb"), Buffer.concat(recorded.wrist));
  await writeFile(join(folder, "steps.f32"), encodeRows(recorded.rows));
  // Last, so that an interrupted episode is made again.
  await writeFile(
    join(folder, "episode.json"),
    `${JSON.stringify({
      task: recorded.task,
      instruction: recorded.instruction,
      seed: recorded.seed,
      goal: recorded.verdict.goal,
      kinematic: recorded.verdict.kinematic,
      grip: recorded.grip,
      disturbed: recorded.disturbed,
      extent: recorded.extent,
      mistake: recorded.mistake,
      steps: recorded.rows.length,
    })}\n`,
  );
}

const share: WorkerShare = workerData;
const resize = createAreaResize(PICTURE_SIZE, share.size);
for (let episode = share.worker; episode < share.episodes; episode += share.workers) {
  const folder = join(share.out, "episodes", String(episode).padStart(6, "0"));
  let report: WorkerReport = { episode, steps: 0, discarded: 0 };
  if (!existsSync(join(folder, "episode.json"))) {
    const { recorded, discarded } = await succeed(share, episode, resize);
    await write(folder, recorded);
    report = { episode, steps: recorded.rows.length, discarded };
  }
  parentPort?.postMessage(report);
}
