import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { loadConfig } from "../../../daemon/config/config.js";
import { type System, startSystem } from "../../../daemon/launch/system.js";
import { projectPath } from "../../../daemon/ports/project-path.js";
import { PROCESS_VARIABLE, TAP_VARIABLE, WALL_VARIABLE } from "./policy-fault.js";

/** How a rig is started. */
export interface RigOptions {
  readonly configFile: string;
  readonly realTime: boolean;
  /** How the wall clock of every process goes wrong (`bend-wall-clock.ts`); null for a right one. */
  readonly wallClock: string | null;
  /** The arm moves only while somebody presses hold-to-run; the rig's operator then does from the start. */
  readonly holdToRun: boolean;
}

/** Starts a system whose processes carry the tap. */
export async function startTapped(options: RigOptions, folder: string): Promise<System> {
  const tap = projectPath("dist", "test", "fault", "rig", "policy-tap.js");
  const environment: Record<string, string> = {
    NODE_OPTIONS: `--import=${tap}`,
    [TAP_VARIABLE]: join(folder, "policy.json"),
    [PROCESS_VARIABLE]: join(folder, "process.json"),
    ...(options.wallClock === null ? {} : { [WALL_VARIABLE]: options.wallClock }),
  };
  const before = Object.fromEntries(Object.keys(environment).map((name) => [name, process.env[name]]));
  Object.assign(process.env, environment);
  try {
    return await startSystem({
      ...{ configFile: options.holdToRun ? holdToRunConfig(options.configFile, folder) : options.configFile },
      ...{ realTime: options.realTime, lab: { seed: 3 }, apart: true },
      progress: () => undefined,
    });
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
