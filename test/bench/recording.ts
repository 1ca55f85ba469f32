import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { goHome } from "../../daemon/cli/go-home.js";
import { need } from "../../daemon/cli/operator-link.js";
import { loadConfig } from "../../daemon/config/config.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { descendants } from "../scenario/rig.js";
import { type BenchOptions, type BenchSession, startBench } from "./session.js";
import { machine, toMs } from "./statistics.js";
import { type StreamFigures, streamFigures } from "./stream.js";

/** What the recorder does meanwhile: nothing but to remember the last 10 s, record, or hang as with a disk that does not answer. */
const CONDITIONS = ["idle", "recording", "hanging"] as const;
type Condition = (typeof CONDITIONS)[number];

/** In turn, so that what else the machine does falls on all of them alike, s. */
const SLICE = 4;
/** Not counted at the beginning of each, s: what was begun before still runs. */
const SETTLING = 0.3;

/** How evenly setpoints reach the controller under one condition. */
type Evenness = Pick<StreamFigures, "lateness_ms" | "gaps_over_20_ms"> & { readonly frames: number };

/** How evenly setpoints reach the controller with and without a recording, in one run. */
export interface RecordingFigures extends Readonly<Record<Condition, Evenness>> {
  readonly period_ms: number;
  readonly recorded: { readonly episodes: number; readonly messages: number; readonly megabytes: number };
  readonly scheduling: string;
  readonly machine: ReturnType<typeof machine>;
}

/** Streams for `seconds` while the arm holds and the cameras are served; records two thirds of it. */
export async function benchRecording(options: BenchOptions & { readonly seconds: number }): Promise<RecordingFigures> {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-bench-"));
  const configFile = recordingOnlyDemonstrations(options.configFile, folder);
  const bench = await startBench({ ...options, configFile });
  try {
    const { arm } = await bench.status();
    const period = (arm?.periodMs ?? 10) / 1000;
    await goHome(bench.client, () => undefined);
    await bench.lab.clearArrivals();
    const slices = await runSlices(bench, options);
    const { records } = await bench.lab.arrivals();
    const frames = records.filter(({ command }) => command === "movej_canfd");
    const evenness = (wanted: Condition): Evenness => {
      const own = slices.filter(({ condition }) => condition === wanted);
      const within = frames.filter(({ at }) => own.some(({ from, to }) => at >= from && at < to));
      const { lateness_ms, gaps_over_20_ms } = streamFigures(within, period);
      return { frames: within.length, lateness_ms, gaps_over_20_ms };
    };
    const episodes = readIndex(bench.system.config.recording?.directory ?? "") ?? [];
    return {
      period_ms: toMs(period),
      ...{ idle: evenness("idle"), recording: evenness("recording"), hanging: evenness("hanging") },
      recorded: {
        episodes: episodes.length,
        messages: episodes.reduce((sum, { messages }) => sum + messages, 0),
        megabytes: Math.round(episodes.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6),
      },
      scheduling: arm?.scheduling ?? "unknown",
      machine: machine(),
    };
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Slice {
  readonly condition: Condition;
  readonly from: number;
  readonly to: number;
}

async function runSlices(
  { system, client }: BenchSession,
  { seconds, progress }: { readonly seconds: number; readonly progress: BenchOptions["progress"] },
): Promise<readonly Slice[]> {
  const daemon = system.children.find(({ name }) => name === "daemon")?.pid ?? 0;
  const [recorder] = descendants(daemon, "recorder/process.js");
  if (recorder === undefined) {
    throw new Error("there is no recorder process");
  }
  const record = async (action: "begin" | "keep"): Promise<void> => {
    await need(client.requestInControl({ type: "record", action, task: "bench", success: null }), "accepted");
  };
  const slices: Slice[] = [];
  for (let n = 0; n * SLICE < seconds; n++) {
    const condition = CONDITIONS[n % CONDITIONS.length] ?? "idle";
    progress(`${condition}, ${Math.round(seconds - n * SLICE)} s left`);
    if (condition !== "idle") {
      await record("begin");
    }
    if (condition === "hanging") {
      process.kill(recorder, "SIGSTOP");
    }
    const from = hostClock.now() + SETTLING;
    await new Promise((resolve) => setTimeout(resolve, SLICE * 1000));
    slices.push({ condition, from, to: hostClock.now() });
    if (condition === "hanging") {
      process.kill(recorder, "SIGCONT");
    }
    if (condition !== "idle") {
      await record("keep");
    }
  }
  return slices;
}

/** A copy of a configuration that records demonstrations alone; gives its path. */
function recordingOnlyDemonstrations(file: string, folder: string): string {
  const original = loadConfig(file);
  const document = parseDocument(readFileSync(original.file, "utf8"));
  document.setIn(["limits"], original.limits);
  document.setIn(["policy", "bundle"], original.policy.bundle);
  document.setIn(["recording"], {
    directory: "recordings",
    policy_runs: false,
    most_gigabytes: 5,
    least_free_gigabytes: 2,
  });
  const copy = join(folder, "kinevla.yaml");
  writeFileSync(copy, document.toString());
  return copy;
}
