import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { loadConfig } from "../../../daemon/config/config.js";
import { type System, startSystem } from "../../../daemon/launch/system.js";
import { projectPath } from "../../../daemon/ports/project-path.js";
import { configWithHand } from "../../puppet/config-with-hand.js";
import type { Hand } from "../../puppet/hand.js";
import { descendants } from "../../scenario/rig.js";
import { PROCESS_VARIABLE, TAP_VARIABLE, WALL_VARIABLE } from "./policy-fault.js";

/** How a rig is started. */
export interface RigOptions {
  readonly configFile: string;
  readonly realTime: boolean;
  /** How the wall clock of every process goes wrong (`bend-wall-clock.ts`); null for a right one. */
  readonly wallClock: string | null;
  /** The arm moves only while somebody presses hold-to-run; the rig's operator then does from the start. */
  readonly holdToRun: boolean;
  /** A leader arm in a hand, whose button enables: with a sound calibration, or with one that has J3 mirrored. */
  readonly leader: "none" | "sound" | "mirrored";
  /** False for a lab that takes no pictures: it costs half the processor, and no policy is followed. */
  readonly cameras: boolean;
}

/** What one run may need and another not. */
export type RigNeeds = Pick<RigOptions, "holdToRun" | "leader" | "cameras">;

/** Starts a system whose processes carry the tap. */
export async function startTapped(options: RigOptions, folder: string, hand: Hand | null): Promise<System> {
  const tap = projectPath("dist", "test", "fault", "rig", "policy-tap.js");
  const environment: Record<string, string> = {
    NODE_OPTIONS: `--import=${tap}`,
    [TAP_VARIABLE]: join(folder, "policy.json"),
    [PROCESS_VARIABLE]: join(folder, "process.json"),
    ...(options.wallClock === null ? {} : { [WALL_VARIABLE]: options.wallClock }),
  };
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  Object.assign(process.env, environment);
  const asked = options.holdToRun ? holdToRunConfig(options.configFile, folder) : options.configFile;
  const configFile = hand === null ? asked : configWithHand(asked, folder, hand, "button");
  // What is started inherits it.
  niceness([process.pid], "0");
  try {
    const system = await startSystem({
      ...{ configFile, realTime: options.realTime, lab: { seed: 3 }, apart: true },
      progress: () => undefined,
    });
    preferOthers(system);
    return system;
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) {
        delete process.env[name];
      } else {
        process.env[name] = value;
      }
    }
  }
}

/** Before every ordinary process. */
const FIRST = "-10";

/**
 * The lab stands for an arm and cameras, and this process for an operator, that do not share this machine's processors. Where
 * other jobs keep those busy, cameras and beats starve and no policy can be followed; so they go first, where this process
 * may have that.
 */
function preferOthers({ children }: System): void {
  const lab = children.find(({ name }) => name === "lab")?.pid;
  niceness([process.pid, ...(lab === undefined ? [] : [lab, ...descendants(lab)])], FIRST);
}

/** Sets the niceness of every thread; without the privilege nothing changes. */
function niceness(pids: readonly number[], value: string): void {
  const threads = pids.flatMap((pid) => readdirSync(`/proc/${pid}/task`));
  spawnSync("renice", ["-n", value, "-p", ...threads]);
}

/** A copy of the configuration that asks for hold-to-run. */
function holdToRunConfig(file: string, folder: string): string {
  const { limits, policy } = loadConfig(file);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["operator", "hold_to_run"], true);
  document.setIn(["limits"], limits);
  document.setIn(["policy", "bundle"], policy.bundle);
  const copy = join(folder, "hold-to-run.yaml");
  writeFileSync(copy, document.toString());
  return copy;
}
