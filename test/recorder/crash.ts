import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { join } from "node:path";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { OPEN } from "../../daemon/recorder/episode-file.js";
import { episodesOf } from "../../daemon/recorder/episode-index.js";
import { inspectEpisode } from "../../daemon/recorder/read-episode.js";
import type { FromRecorder } from "../../daemon/recorder/recorder-messages.js";
import { type RecorderProcess, startRecorderProcess } from "../../daemon/recorder/recorder-process.js";
import { type Repaired, repairFolder } from "../../daemon/recorder/repair.js";
import { end, picture, report, setpoint, start } from "./samples.js";

/** What a run of killings has shown. */
export interface CrashFigures {
  readonly kills: number;
  /** Episodes that were said to be closed before the kill. */
  readonly closed: number;
  /** Of those, how many are whole with every message. */
  readonly intact: number;
  /** Files that kills have left open. */
  readonly open: number;
  /** What the last repair did with those that were open still. */
  readonly mended: number;
  readonly empty: number;
  /** Files that do not open after all. */
  readonly spoilt: number;
  readonly left: number;
  /** `kinevla record repair` was killed so often before the one that was let through. */
  readonly repairsKilled: number;
}

/** Pictures of an episode and their bytes: three chunks of the file, so that kills fall into opening, writing and closing. */
const PICTURES = 30;
const PICTURE_BYTES = 80_000;
/** The kill comes in one of the first episodes after the very first, so that some are closed before, */
const EPISODES = 3;
/** and at most this part of what the first one took after that one began: also while it is closed, and just after. */
const LONGEST = 1.2;
/** At most so long after the first file was begun: a file takes some ten milliseconds. */
const LONGEST_MENDING_MS = 100;

/** How many kills, and for how long at most. */
export interface CrashRun {
  readonly kills: number;
  /** No further kill is begun after this; one always is. */
  readonly withinMs: number;
  /** Repairs are killed until one ends by itself, or so many were. */
  readonly repairs: number;
  /** Ends a recorder that hangs, and the run. */
  readonly signal: AbortSignal;
}

/** Records episodes into a folder one after the other and kills the process at random instants; leaves no process behind. */
export async function killRecorders(
  folder: string,
  { kills: most, withinMs, repairs, signal }: CrashRun,
  random: () => number,
): Promise<CrashFigures> {
  const closed = new Map<string, number>();
  const begun = performance.now();
  let kills = 0;
  do {
    // The first falls into its second episode for sure: that one is not closed.
    const first = kills === 0;
    const episode = first ? 2 : 2 + Math.floor(random() * EPISODES);
    await recordAndKill(folder, { episode, closes: !first, after: random() * LONGEST }, closed, signal);
    kills += 1;
  } while (kills < most && performance.now() - begun < withinMs);
  const open = episodesOf(folder, OPEN).length;
  let repairsKilled = 0;
  // The first is killed at once: it cannot end by itself before.
  while (repairsKilled < repairs && (await killRepair(folder, repairsKilled === 0 ? 0 : random()))) {
    repairsKilled += 1;
  }
  const found: Repaired[] = [];
  await repairFolder(folder, (one) => found.push(one));
  const count = (result: Repaired["result"]): number => found.filter((one) => one.result === result).length;
  let intact = 0;
  for (const [name, messages] of closed) {
    const inspected = await inspectEpisode(join(folder, `${name}.mcap`));
    intact += inspected.wrong === null && inspected.messages === messages ? 1 : 0;
  }
  const results = { mended: count("mended"), empty: count("empty"), spoilt: count("spoilt"), left: count("left") };
  return { kills, closed: closed.size, intact, open, ...results, repairsKilled };
}

/** Starts a repair as people do and kills it some time after it began to mend; false where it ended by itself before. */
async function killRepair(folder: string, after: number): Promise<boolean> {
  const child = spawn(process.execPath, [projectPath("dist", "daemon", "cli.js"), "record", "repair", folder], {
    stdio: "ignore",
  });
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, (_, name) => {
    if (timer === undefined && name?.endsWith(".mending")) {
      timer = setTimeout(() => child.kill("SIGKILL"), after * LONGEST_MENDING_MS);
    }
  });
  try {
    const [, signal] = await once(child, "exit");
    return signal === "SIGKILL";
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}

interface Kill {
  /** Counted from one; not the first, which is measured. */
  readonly episode: number;
  /** That episode would be closed. */
  readonly closes: boolean;
  /** After it began, as part of what the first one took. */
  readonly after: number;
}

async function recordAndKill(
  folder: string,
  { episode, closes, after }: Kill,
  closed: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  let hear: (message: FromRecorder) => void = () => undefined;
  const recorder = startRecorderProcess({ folder, mostBytes: 1e12, leastFreeBytes: 0 }, (message) => hear(message));
  const pid = recorder.pid();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: () => void = () => undefined;
  let killed = false;
  const kill = (): void => {
    if (!killed && pid !== undefined) {
      killed = true;
      process.kill(pid, "SIGKILL");
    }
  };
  try {
    await new Promise<void>((resolve, reject) => {
      let opened = 0;
      let openedAt = 0;
      let took: number | null = null;
      const recordNext = (): void => recordOne(recorder, closes || opened + 1 < episode);
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort);
      signal.throwIfAborted();
      hear = (message) => {
        if (message.kind === "opened") {
          opened += 1;
          openedAt = performance.now();
          timer = opened === episode ? setTimeout(kill, after * (took ?? 0)) : timer;
        } else if (message.kind === "closed") {
          took ??= performance.now() - openedAt;
          closed.set(message.episode, message.messages);
          recordNext();
        } else if (message.kind === "failed" && !killed) {
          killed = message.code === "recorder-ended";
          reject(new Error(`${message.code}: ${message.detail}`));
        } else if (message.kind === "failed" && message.code === "recorder-ended") {
          resolve();
        }
      };
      recordNext();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    kill();
    await recorder.end();
  }
}

/** Tells a whole episode at once; the process works it off meanwhile. */
function recordOne(recorder: RecorderProcess, closes: boolean): void {
  recorder.open(start(), [], 0);
  for (let n = 1; n <= PICTURES; n++) {
    const now = hostClock.now();
    recorder.tell(picture("front", now, n, PICTURE_BYTES));
    recorder.tell(report(now, 0.002));
    recorder.tell(setpoint(now));
  }
  if (closes) {
    recorder.close(end());
  }
}
