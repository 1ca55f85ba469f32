import { Worker } from "node:worker_threads";
import { readEpisode } from "../recorder/read-episode.js";
import { MOTION_TOPICS, type MotionReading, motionOf } from "./recorded-motion.js";
import { type Replayer, unfitness } from "./unfitness.js";

/** What the thread that reads is told. */
export interface ReadingOrder {
  readonly path: string;
  readonly here: Replayer;
}

/**
 * Reads an episode and judges whether it may be replayed here, in a thread of its own: a minute of recording are 100 MB,
 * and the operator's beats pass through the thread that asks.
 */
export function readMotion(order: ReadingOrder): Promise<MotionReading> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./read-motion-thread.js", import.meta.url), { workerData: order });
    const fail = (why: string): void => resolve({ kind: "refused", reason: `it cannot be read: ${why}` });
    worker.once("message", (reading: MotionReading) => resolve(reading));
    worker.once("error", (error) => fail(error.message));
    worker.once("exit", (code) => fail(`its reader ended with ${code}`));
  });
}

/** The same in this thread. */
export async function readMotionHere({ path, here }: ReadingOrder): Promise<MotionReading> {
  const reading = motionOf(await readEpisode(path, MOTION_TOPICS));
  const reason = reading.kind === "motion" ? unfitness(reading.motion, here) : null;
  return reason === null ? reading : { kind: "refused", reason };
}
