import { join } from "node:path";
import { hostClock } from "../../daemon/ports/clock.js";
import { inspectEpisode } from "../../daemon/recorder/read-episode.js";
import type { FromRecorder } from "../../daemon/recorder/recorder-messages.js";
import { startRecorderProcess } from "../../daemon/recorder/recorder-process.js";
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

/** An episode is closed after this many turns, so that kills fall into opening, writing and closing alike. */
const TURNS = 40;

/** Records short episodes into a folder as fast as it goes and kills the process at random instants, `kills` times. */
export async function killRecorders(folder: string, kills: number, random: () => number): Promise<CrashFigures> {
  const closed = new Map<string, number>();
  for (let kill = 0; kill < kills; kill++) {
    await recordAndKill(folder, random() * 250, closed);
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
  return { kills, closed: closed.size, intact, ...results };
}

async function recordAndKill(folder: string, afterMs: number, closed: Map<string, number>): Promise<void> {
  await new Promise<void>((resolve) => {
    let turn = 0;
    const heard = (message: FromRecorder): void => {
      if (message.kind === "closed") {
        closed.set(message.episode, message.messages);
      } else if (message.kind === "opened" && killer === undefined) {
        killer = setTimeout(() => process.kill(recorder.pid() ?? -1, "SIGKILL"), afterMs);
      } else if (message.kind === "failed") {
        clearInterval(writer);
        void recorder.end().then(resolve);
      }
    };
    let killer: NodeJS.Timeout | undefined;
    const recorder = startRecorderProcess({ folder, mostBytes: 1e12 }, heard);
    const writer = setInterval(() => {
      const now = hostClock.now();
      if (turn % TURNS === 0) {
        recorder.open(start(), [], 0);
      }
      for (let n = 0; n < 5; n++) {
        recorder.tell(picture("front", now, turn));
        recorder.tell(report(now, 0.002));
        recorder.tell(setpoint(now));
      }
      turn += 1;
      if (turn % TURNS === 0) {
        recorder.close(end());
      }
    }, 1);
  });
}
