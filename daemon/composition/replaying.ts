import { existsSync } from "node:fs";
import { join } from "node:path";
import { defer, ignoreElements, map, mergeMap, type Observable, of } from "rxjs";
import { finished } from "../loop/task-event.js";
import type { ReplayProgress } from "../operator/backend.js";
import { play, type ReplayEvent, type ReplayPorts } from "../replay/play.js";
import { readMotion } from "../replay/read-motion.js";
import type { MotionReading } from "../replay/recorded-motion.js";
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
  return defer((): Promise<MotionReading> => {
    tell({ phase: "thinking", detail: "reading the recording" });
    const { limits, limitsDigest } = rules;
    const commanded = replaying.commanded();
    return commanded === null
      ? Promise.resolve({ kind: "refused", reason: "there is no link to the arm" })
      : readMotion({ path, here: { arm: replaying.arm, limits, limitsDigest, commanded } });
  }).pipe(
    mergeMap((reading): Observable<ReplayEvent> => {
      if (reading.kind === "refused") {
        return of(finished("failed", `not replayed: ${reading.reason}`));
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
