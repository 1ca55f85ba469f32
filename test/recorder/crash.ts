import { join } from "node:path";
import { hostClock } from "../../daemon/ports/clock.js";
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
  readonly mended: number;
  readonly empty: number;
  /** Files that do not open after all. */
  readonly spoilt: number;
  readonly left: number;
}

/** Pictures of an episode and their bytes: three chunks of the file, so that kills fall into opening, writing and closing. */
const PICTURES = 30;
const PICTURE_BYTES = 80_000;
/** The kill comes in one of the first episodes, so that some are closed before, */
const EPISODES = 3;
/** and at most so long after that one began. */
const LONGEST_MS = 200;

/** How many kills, and for how long at most. */
export interface CrashRun {
  readonly kills: number;
  /** No further kill is begun after this; one always is. */
  readonly withinMs: number;
  /** Ends a recorder that hangs, and the run. */
  readonly signal: AbortSignal;
}

/** Records episodes into a folder one after the other and kills the process at random instants; leaves no process behind. */
export async function killRecorders(
  folder: string,
  { kills: most, withinMs, signal }: CrashRun,
  random: () => number,
): Promise<CrashFigures> {
  const closed = new Map<string, number>();
  const begun = performance.now();
  let kills = 0;
  do {
    // The first falls into its second episode for sure: that one is not closed.
    const first = kills === 0;
    const episode = first ? 2 : 1 + Math.floor(random() * EPISODES);
    await recordAndKill(folder, { episode, closes: !first, afterMs: random() * LONGEST_MS }, closed, signal);
    kills += 1;
  } while (kills < most && performance.now() - begun < withinMs);
  const found: Repaired[] = [];
  await repairFolder(folder, (one) => found.push(one));
  const count = (result: Repaired["result"]): number => found.filter((one) => one.result === result).length;
  let intact = 0;
  for (const [name, messages] of closed) {
    const inspected = await inspectEpisode(join(folder, `${name}.mcap`));
    intact += inspected.wrong === null && inspected.messages === messages ? 1 : 0;
  }
  const results = { mended: count("mended"), empty: count("empty"), spoilt: count("spoilt"), left: count("left") };
  return { kills, closed: closed.size, intact, ...results };
}

interface Kill {
  /** Counted from one. */
  readonly episode: number;
  /** That episode would be closed. */
  readonly closes: boolean;
  /** After it began. */
  readonly afterMs: number;
}

async function recordAndKill(
  folder: string,
  { episode, closes, afterMs }: Kill,
  closed: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  let hear: (message: FromRecorder) => void = () => undefined;
  const recorder = startRecorderProcess({ folder, mostBytes: 1e12 }, (message) => hear(message));
  const pid = recorder.pid();
  let timer: NodeJS.Timeout | undefined;
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
      const recordNext = (): void => recordOne(recorder, closes || opened + 1 < episode);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      signal.throwIfAborted();
      hear = (message) => {
        if (message.kind === "opened") {
          opened += 1;
          timer = opened === episode ? setTimeout(kill, afterMs) : timer;
        } else if (message.kind === "closed") {
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
