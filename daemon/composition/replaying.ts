import { existsSync } from "node:fs";
import { join } from "node:path";
import { defer, ignoreElements, map, mergeMap, type Observable, of } from "rxjs";
import { finished } from "../loop/task-event.js";
import type { ReplayProgress } from "../operator/backend.js";
import { readEpisode } from "../recorder/read-episode.js";
import { play, type ReplayEvent, type ReplayPorts } from "../replay/play.js";
import { MOTION_TOPICS, type MotionReading, motionOf, type RecordedMotion } from "../replay/recorded-motion.js";
import { unfitness } from "../replay/unfitness.js";
import type { JointVector } from "../types/units.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import { type Advance, PHASE_OF } from "./tell-task.js";

/** What recorded episodes are replayed from and against. */
export interface ReplayRules {
  /** The folder of recordings; null where nothing is recorded. */
  readonly folder: string | null;
  readonly limits: ArmLimits;
  /** SHA-256 of the file that they come from. */
  readonly limitsDigest: string;
}

/** One episode to replay. */
export interface Replaying {
  readonly episode: string;
  readonly path: string;
  readonly lease: number;
  /** The arm, in the words of its arm process. */
  readonly arm: string;
  /** Where it is, rad; null while there is no link to it. */
  commanded(): JointVector | null;
  /** Ends it, for the reason given. */
  readonly cancelled: Observable<string>;
}

/** Where an episode lies, or why there is none of that name. */
export function findEpisode(
  { folder }: ReplayRules,
  episode: string,
): { readonly path: string } | { readonly reason: string } {
  if (folder === null) {
    return { reason: "nothing is recorded here: add `recording` to the configuration" };
  }
  const path = join(folder, episode);
  return existsSync(path) ? { path } : { reason: `there is no ${episode} in ${folder}` };
}

/** Reads an episode, refuses what does not fit, replays it and publishes how it goes; completes when it is over. */
export function replayEpisode(
  ports: ReplayPorts,
  rules: ReplayRules,
  replaying: Replaying,
  advance: Advance,
): Observable<never> {
  const { episode, path, lease, cancelled } = replaying;
  let replay: ReplayProgress = { episode, length: null, differences: null };
  const tell = (change: Parameters<Advance>[0], news: Partial<ReplayProgress> = {}): void => {
    replay = { ...replay, ...news };
    advance({ ...change, replay });
  };
  return defer(() => {
    tell({ phase: "thinking", detail: "reading the recording" });
    return readMotion(path);
  }).pipe(
    mergeMap((reading): Observable<ReplayEvent> => {
      const unfit = reading.kind === "refused" ? reading.reason : unfitHere(reading.motion, rules, replaying);
      if (reading.kind === "refused" || unfit !== null) {
        return of(finished("failed", `not replayed: ${unfit}`));
      }
      tell({}, { length: reading.motion.length });
      return play(ports, reading.motion, lease, cancelled);
    }),
    map((event) => {
      switch (event.kind) {
        case "phase":
          return tell({ phase: event.phase === "engaging" ? "thinking" : event.phase, detail: "" });
        case "reached":
          return tell({ detail: `${event.after.toFixed(0)} of ${replay.length?.toFixed(0)} s` });
        case "compared":
          return tell({}, { differences: event.differences });
        case "finished":
          return tell({ phase: PHASE_OF[event.outcome], detail: event.reason });
        default:
          return event satisfies never;
      }
    }),
    ignoreElements(),
  );
}

function unfitHere(motion: RecordedMotion, { limits, limitsDigest }: ReplayRules, here: Replaying): string | null {
  const commanded = here.commanded();
  return commanded === null
    ? "there is no link to the arm"
    : unfitness(motion, { arm: here.arm, limits, limitsDigest, commanded });
}

async function readMotion(path: string): Promise<MotionReading> {
  try {
    return motionOf(await readEpisode(path, MOTION_TOPICS));
  } catch (error) {
    // A message that is no JSON, a file that may not be read.
    return { kind: "refused", reason: `it cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
