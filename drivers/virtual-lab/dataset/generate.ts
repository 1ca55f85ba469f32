import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { STEP_PERIOD } from "../expert/expert.js";
import { TASKS, type TaskSet, taskNumbers } from "../scene/tasks.js";
import { COLUMNS } from "./format.js";
import type { WorkerReport, WorkerShare } from "./worker.js";

/** What data set to make. */
export interface GenerateOptions {
  readonly episodes: number;
  readonly seed: number;
  readonly out: string;
  readonly workers: number;
  /** Pixels along each side of the stored pictures. */
  readonly size: number;
  /** Which tasks the episodes show, in turn. */
  readonly tasks: TaskSet;
  /** Share of the episodes that show how to get over a mistake, 0 to 1; without any the bytes are those of earlier versions. */
  readonly mistakes: number;
  /** Told after each episode. */
  readonly onProgress?: (progress: GenerateProgress) => void;
}

/** How far the generation is. */
export interface GenerateProgress {
  readonly done: number;
  readonly episodes: number;
  readonly steps: number;
  readonly discarded: number;
  readonly episodesPerMinute: number;
  /** s */
  readonly remaining: number;
}

/** Makes a data set of successful trials; the same options give the same bytes, an interrupted run is continued. */
export async function generateDataset(options: GenerateOptions): Promise<void> {
  const { episodes, seed, out, workers, size, mistakes } = options;
  const tasks = taskNumbers(options.tasks);
  await mkdir(join(out, "episodes"), { recursive: true });
  const startedAt = performance.now();
  let done = 0;
  let steps = 0;
  let discarded = 0;
  const running = Array.from({ length: Math.min(workers, episodes) }, (_, worker) => {
    const share: WorkerShare = { episodes, seed, out, size, tasks, mistakes, worker, workers };
    const thread = new Worker(new URL("./worker.js", import.meta.url), { workerData: share });
    const finished = new Promise<void>((resolve, reject) => {
      thread.on("message", (report: WorkerReport) => {
        done += 1;
        steps += report.steps;
        discarded += report.discarded;
        const minutes = (performance.now() - startedAt) / 60_000;
        const episodesPerMinute = done / minutes;
        options.onProgress?.({
          done,
          episodes,
          steps,
          discarded,
          episodesPerMinute,
          remaining: (60 * (episodes - done)) / episodesPerMinute,
        });
      });
      thread.once("error", reject);
      thread.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a generator ended with ${code}`))));
    });
    return { thread, finished };
  });
  try {
    await Promise.all(running.map(({ finished }) => finished));
  } finally {
    await Promise.all(running.map(({ thread }) => thread.terminate()));
  }
  // Written last: a folder with this file is complete.
  const description = {
    schema: "kinevla.dataset.v1",
    imageSize: size,
    period: STEP_PERIOD,
    horizon: 5,
    columns: COLUMNS,
    // The number is what an episode calls its task.
    tasks: TASKS.flatMap(({ instruction, paraphrases, coarse, fine }, number) =>
      tasks.includes(number) ? [{ number, instruction, paraphrases, coarse, fine }] : [],
    ),
    seed,
    episodes,
    ...(mistakes === 0 ? {} : { mistakes }),
  };
  await writeFile(join(out, "dataset.json"), `${JSON.stringify(description, null, 2)}\n`);
}
