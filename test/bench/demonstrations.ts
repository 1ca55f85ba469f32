import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseDocument } from "yaml";
import { connectOperator, need } from "../../daemon/cli/operator-link.js";
import { startUntilInterrupted } from "../../daemon/cli/start-or-explain.js";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { labControl } from "../../daemon/launch/lab-control.js";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { readEpisode } from "../../daemon/recorder/read-episode.js";
import { CAMERA_ROLES, type CameraRole } from "../../daemon/types/frame.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { TASKS, type TaskSet, taskNumbers } from "../../drivers/virtual-lab/scene/tasks.js";
import { configWithHand } from "../puppet/config-with-hand.js";
import { Hand } from "../puppet/hand.js";
import {
  type DemonstrationEnd,
  demonstrate,
  type PlannedDemonstration,
  passSignTest,
  untilSeen,
} from "./demonstrate.js";
import { expertPath } from "./expert-path.js";
import { ExposureWitness, offExposure } from "./exposures.js";
import { machine, quantile, toMs } from "./statistics.js";

/** What to show, and where to keep it. */
export interface DemonstrationsOptions {
  readonly configFile: string;
  readonly realTime: boolean;
  readonly episodes: number;
  /** None is begun later than this after the system has started; undefined for no bound. */
  readonly minutes: number | undefined;
  /** None is begun once so many have succeeded; undefined for no bound. */
  readonly enough: number | undefined;
  /** Of the first scene; the next ones count up. */
  readonly seed: number;
  readonly tasks: TaskSet;
  /** `varied` also draws light, colours and camera poses for each scene. */
  readonly looks: "nominal" | "varied";
  /** Pictures a second of each camera; undefined for what the lab gives by itself. */
  readonly fps: number | undefined;
  /** Folder for the recordings and `tasks.json`, which their export takes the texts from. */
  readonly out: string;
  /** Told how far it is. */
  readonly progress: (words: string) => void;
}

/** One demonstration as it went. */
interface Shown extends DemonstrationEnd {
  readonly instruction: string;
  readonly seed: number;
  readonly seconds: Seconds;
  /** null where nothing was kept. */
  readonly recording: string | null;
}

/** When the lab says that each picture was exposed. */
type Exposures = Readonly<Record<CameraRole, readonly Instant[]>>;

const CLOSED_WITHIN: Seconds = 30;

/**
 * Has a scripted hand on a virtual leader arm demonstrate tasks, one scene after the other, each recorded and labelled with
 * the lab's verdict. Throws CliError, and whatever breaks the system.
 */
export async function benchDemonstrations(options: DemonstrationsOptions) {
  const { progress } = options;
  const out = resolve(options.out);
  const plan = await planned(options);
  mkdirSync(out, { recursive: true });
  writeFileSync(
    join(out, "tasks.json"),
    `${JSON.stringify(TASKS, ["instruction", "paraphrases", "coarse", "fine"], 2)}\n`,
  );
  const folder = mkdtempSync(join(tmpdir(), "kinevla-demonstrations-"));
  try {
    const { home } = loadConfig(options.configFile);
    const hand = await Hand.take("dynamixel-leader", join(folder, "leader"), home);
    try {
      const recording = configRecording(options.configFile, folder, out);
      const configFile = configWithHand(recording, folder, hand, "button");
      const { shown, exposures } = await runAll({ ...options, configFile }, plan, hand, out);
      // Read once nothing runs any more: it takes a second for each recording, in which this process would not beat.
      const offs: (readonly Seconds[])[] = [];
      for (const { recording: name } of shown) {
        offs.push(name === null ? [] : await offsOf(join(out, `${name}.mcap`), exposures));
      }
      const good = shown.filter(({ verdict }) => verdict?.success === true).length;
      progress(`${good} of ${shown.length} succeeded; recordings: ${out}`);
      return {
        ...{ episodes: shown.length, recorded: shown.filter(({ recording }) => recording !== null).length, good },
        failures: shown
          .filter(({ verdict }) => verdict?.success !== true)
          .map(({ seed, instruction, end, verdict }) => ({ seed, instruction, end, detail: verdict?.detail ?? null })),
        stamped_off_exposure_ms: spread(offs.flat()),
        reading_to_wire_p99_ms: shown.at(-1)?.latencyP99Ms ?? null,
        runs: shown.map((one, place) => ({ ...one, stamped_off_exposure_ms: spread(offs[place] ?? []) })),
        machine: machine(),
      };
    } finally {
      await hand.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The paths first: finding one takes seconds, in which this process would lose control of the arm. */
async function planned({
  episodes,
  seed,
  tasks,
  progress,
}: DemonstrationsOptions): Promise<readonly PlannedDemonstration[]> {
  const numbers = taskNumbers(tasks);
  const plan: PlannedDemonstration[] = [];
  for (let next = seed; plan.length < episodes; next += 1) {
    const task = numbers[plan.length % numbers.length] ?? 0;
    const found = TASKS[task];
    if (found === undefined) {
      throw new Error("no task");
    }
    const path = await expertPath(next, found);
    if (path === null) {
      progress(`seed ${next}: the expert itself fails there, another scene is taken`);
      continue;
    }
    plan.push({ task, instruction: found.instruction, seed: next, path });
    progress(`${plan.length}/${episodes} paths found`);
  }
  return plan;
}

/** A copy of the configuration with the recordings where they shall stay. */
function configRecording(file: string, folder: string, recordings: string): string {
  const { limits, policy } = loadConfig(file);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["limits"], limits);
  document.setIn(["policy", "bundle"], policy.bundle);
  document.setIn(["recording"], {
    directory: recordings,
    policy_runs: false,
    most_gigabytes: 50,
    least_free_gigabytes: 2,
  });
  const copy = join(folder, "recording.yaml");
  writeFileSync(copy, document.toString());
  return copy;
}

async function runAll(
  { configFile, realTime, seed, looks, fps, minutes, enough, progress }: DemonstrationsOptions,
  plan: readonly PlannedDemonstration[],
  hand: Hand,
  out: string,
): Promise<{ readonly shown: readonly Shown[]; readonly exposures: Exposures }> {
  const system = await startUntilInterrupted({
    ...{ configFile, realTime, lab: { seed, ...(fps === undefined ? {} : { fps }) }, apart: true },
    progress: (words) => progress(`starting ${words}`),
  });
  try {
    const { cameras, home } = system.config;
    const client = await connectOperator({
      url: system.operatorUrl,
      tokenFile: system.tokenFile,
      name: "scripted hand",
    });
    await need(client.subscribe(["state"]), "accepted");
    await need(client.takeControl(), "control-granted");
    await untilSeen(client, progress);
    const front = await witnessOf(cameras.front);
    const wrist = await witnessOf(cameras.wrist);
    const rig = { client, lab: labControl(system.lab ?? ""), hand, home, looks, progress };
    await passSignTest(rig);
    const shown: Shown[] = [];
    const begunAt = performance.now();
    for (const demonstration of plan) {
      if (minutes !== undefined && performance.now() - begunAt > minutes * 60_000) {
        progress(`${minutes} minutes are over`);
        break;
      }
      if (enough !== undefined && shown.filter(({ verdict }) => verdict?.success === true).length >= enough) {
        break;
      }
      const before = readIndex(out)?.length ?? 0;
      const startedAt = performance.now();
      const end = await demonstrate(rig, demonstration);
      const recording = end.verdict === null ? null : await closedAfter(out, before);
      const { instruction, seed: own } = demonstration;
      const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
      shown.push({ ...end, instruction, seed: own, seconds, recording });
      const left = Math.ceil((seconds * (plan.length - shown.length)) / 60);
      const words =
        end.verdict === null
          ? "nothing recorded"
          : `${end.verdict.success ? "success" : "failure"}, ${end.verdict.detail}`;
      progress(`${shown.length}/${plan.length}  ${end.end}; ${words}; ${left} min left; ${instruction}`);
    }
    front.close();
    wrist.close();
    await client.close();
    return { shown, exposures: { front: front.exposures, wrist: wrist.exposures } };
  } finally {
    await system.close();
  }
}

/** The name of the recording that was closed as the next. */
async function closedAfter(folder: string, before: number): Promise<string> {
  const deadline = performance.now() + CLOSED_WITHIN * 1000;
  while (performance.now() < deadline) {
    const index = readIndex(folder) ?? [];
    const newest = index.at(-1);
    if (index.length > before && newest !== undefined) {
      return newest.name;
    }
    await delay(20);
  }
  throw new Error(`no recording was closed in ${folder} within ${CLOSED_WITHIN} s`);
}

function witnessOf(camera: Config["cameras"]["front"]): Promise<ExposureWitness> {
  if (!("url" in camera)) {
    throw new Error("the virtual lab's cameras have addresses");
  }
  return ExposureWitness.watch(camera.url);
}

async function offsOf(file: string, exposures: Exposures): Promise<readonly Seconds[]> {
  const { messages } = await readEpisode(
    file,
    CAMERA_ROLES.map((role) => `/camera/${role}`),
  );
  return CAMERA_ROLES.flatMap((role) => {
    const stamps = messages.flatMap(({ topic, logTime }) =>
      topic === `/camera/${role}` ? [Number(logTime) / 1e9] : [],
    );
    return offExposure(
      stamps.toSorted((a, b) => a - b),
      exposures[role],
    );
  });
}

function spread(all: readonly Seconds[]) {
  const offs = all.filter((off) => !Number.isNaN(off));
  const at = (part: number): number => toMs(quantile(offs, part));
  return { pictures: offs.length, unmatched: all.length - offs.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
