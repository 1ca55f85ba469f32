import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { STEP_PERIOD } from "../expert/expert.js";
import { TASK_SETS, TASKS, type TaskSet, taskNumbers } from "../scene/tasks.js";
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
  const { episodes, seed, out, workers, size } = options;
  const tasks = taskNumbers(options.tasks);
  await mkdir(join(out, "episodes"), { recursive: true });
  const startedAt = performance.now();
  let done = 0;
  let steps = 0;
  let discarded = 0;
  const running = Array.from({ length: Math.min(workers, episodes) }, (_, worker) => {
    const share: WorkerShare = { episodes, seed, out, size, tasks, worker, workers };
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
  };
  await writeFile(join(out, "dataset.json"), `${JSON.stringify(description, null, 2)}\n`);
}

const USAGE = `Makes training data from the virtual lab.
  node dist/drivers/virtual-lab/dataset/generate.js --out DIR [--episodes 600] [--seed 1] [--workers 2] [--size 96]
    [--tasks ${TASK_SETS.join("|")}]
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      episodes: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: "2" },
      size: { type: "string", default: "96" },
      tasks: { type: "string", default: "all" },
      help: { type: "boolean", default: false },
    },
  });
  const [episodes, seed, workers, size] = [values.episodes, values.seed, values.workers, values.size].map(Number);
  const whole = [episodes, seed, workers, size].every((value) => Number.isSafeInteger(value) && Number(value) >= 1);
  const tasks = TASK_SETS.find((set) => set === values.tasks);
  if (values.help || values.out === undefined || !whole || tasks === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  let shownAt = 0;
  await generateDataset({
    episodes: episodes ?? 0,
    seed: seed ?? 0,
    out: values.out,
    workers: workers ?? 1,
    size: size ?? 0,
    tasks,
    onProgress: (progress) => {
      const now = performance.now();
      if (now - shownAt > 2000 || progress.done === progress.episodes) {
        shownAt = now;
        process.stderr.write(
          `${progress.done}/${progress.episodes} episodes, ${progress.steps} steps, ${progress.discarded} discarded, ` +
            `${progress.episodesPerMinute.toFixed(1)}/min, ${Math.ceil(progress.remaining / 60)} min left\n`,
        );
      }
    },
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    process.stderr.write(`The data set is not complete: ${words}\nThe same command goes on where this one ended.\n`);
    process.exitCode = 1;
  });
}
