import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadConfig } from "../../../daemon/config/config.js";
import { loadLimits, parseLimits } from "../../../daemon/config/limits-file.js";
import { ConfigError } from "../../../daemon/config/yaml-file.js";
import { PROCESS_EXIT } from "../../../daemon/launch/process-exit.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import { projectPath } from "../../../daemon/ports/project-path.js";
import { makeCell } from "../../signing/cell.js";
import { FaultRig, pause } from "../rig/fault-rig.js";
import { cannotRun, type FaultCase, NO_BUDGET, only, type Trial } from "./case.js";

/** F. Time, disk, configuration. */
export const HOST_CASES: readonly FaultCase[] = [
  {
    ...{ id: 85, inject: "wall clock +-1 h, +-288 s, strobe", expected: "no effect on motion" },
    budget: NO_BUDGET,
    cannot: "the clock of our processes only, not the machine's",
    trials: ["+hour", "-hour", "strobe"].map(
      (wallClock): Trial => ({
        ...{ name: wallClock, modes: ["standby"], expect: "checked", watch: 0, most: 1 },
        inject: async () => hostClock.now(),
        after: async ({ rig }) => await moveUnder(rig, wallClock),
      }),
    ),
  },
  {
    ...{ id: 86, inject: "disk full while recording", expected: "recording ends and is told; tick unaffected" },
    budget: NO_BUDGET,
    cannot: "the kernel refuses at the end of a file's quota, which is what it does on a full disk",
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed", watch: 1, fresh: true },
      inject: async ({ rig }) => {
        const told = rig.operator.next("faults", ({ faults }) => faults.some(isNotRecording), 20_000);
        told.catch(() => undefined);
        const limit = spawnSync("prlimit", ["--pid", String(rig.pid("recorder")), "--fsize=1"], { encoding: "utf8" });
        if (limit.status !== 0) {
          throw new Error(`prlimit: ${limit.stderr}`);
        }
        // The recorder writes when it has a chunk of 1 MiB.
        await told;
        return hostClock.now();
      },
    }),
  },
  cannotRun(
    87,
    "log pipe blocked",
    "tick unaffected",
    "the rig itself reads the logs of the system that it starts; test/service/process-log.test.ts",
  ),
  {
    ...{
      id: 88,
      inject: "configuration truncated, each byte flipped, unknown key, unit missing",
      expected: "refuse start",
    },
    budget: NO_BUDGET,
    cannot: "one byte in 11 a run, of files that are signed: without a key a changed digit is another number",
    trials: [
      refused("truncated", (text) => text.slice(0, text.length / 2)),
      refused("unknown key", (text) => `${text}\nsurprise: 1\n`),
      refused("unit missing", (text) => text.replace("deadline_ms", "deadline")),
      {
        ...{ name: "each byte flipped", modes: ["standby"], expect: "checked", watch: 0, most: 1 },
        inject: async () => hostClock.now(),
        after: async ({ run }) => await flipBytes(run),
      },
    ],
  },
  {
    ...{ id: 89, inject: "limits above a ceiling, or unsigned", expected: "refuse start" },
    budget: NO_BUDGET,
    trials: [
      {
        ...{ name: "above a ceiling", modes: ["standby"], expect: "checked", watch: 0, most: 1 },
        inject: async () => hostClock.now(),
        after: async () => {
          const path = projectPath("daemon", "config", "limits-rm75b.yaml");
          const text = readFileSync(path, "utf8").replace("value: 250", "value: 251");
          return isRefused(() => parseLimits(text, path)) ? [] : ["a speed of 251 mm/s was accepted"];
        },
      },
      {
        ...{ name: "unsigned", modes: ["standby"], expect: "checked", watch: 0, most: 1 },
        inject: async () => hostClock.now(),
        after: async () => {
          const cell = makeCell();
          try {
            cell.ask();
            await cell.sign([cell.config]);
            const script = projectPath("dist", "daemon", "arm", "main.js");
            const { status, stderr } = spawnSync(process.execPath, [script, "--config", cell.config], {
              timeout: 5000,
            });
            return status === PROCESS_EXIT.configuration && stderr.includes("limits-rm75b.yaml must not be used")
              ? []
              : [`the arm process ended with ${status} and said: ${stderr}`];
          } finally {
            cell.remove();
          }
        },
      },
    ],
  },
  cannotRun(90, "4 crashes in 5 minutes", "stays down", "the service manager counts them; test/systemd"),
];

function isNotRecording({ code }: { readonly code: string }): boolean {
  return code === "not-recording";
}

/** The arm process with a spoiled configuration must end with the exit code for it. */
function refused(name: string, spoil: (text: string) => string): Trial {
  return {
    ...{ name, modes: ["standby"], expect: "checked", watch: 0, most: 1 },
    inject: async () => hostClock.now(),
    after: async ({ rig }) => {
      const folder = mkdtempSync(join(tmpdir(), "kinevla-config-"));
      try {
        const file = join(folder, "kinevla.yaml");
        writeFileSync(file, spoil(readFileSync(rig.system.config.file, "utf8")));
        const script = projectPath("dist", "daemon", "arm", "main.js");
        const { status } = spawnSync(process.execPath, [script, "--config", file], { timeout: 5000 });
        return status === PROCESS_EXIT.configuration ? [] : [`the arm process ended with ${status}`];
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** A run flips one byte in so many; another run others. */
const STRIDE = 11;

/** Flips the lowest bit of single bytes of both files, which are signed: each must be refused. */
async function flipBytes(run: number): Promise<readonly string[]> {
  const cell = makeCell();
  try {
    cell.ask();
    await cell.sign([cell.config, cell.limits]);
    loadLimits(loadConfig(cell.config));
    const problems: string[] = [];
    for (const file of [cell.config, cell.limits]) {
      const bytes = readFileSync(file);
      let accepted = 0;
      let flips = 0;
      for (let index = run % STRIDE; index < bytes.length; index += STRIDE) {
        // The rig's own beats go on between two files.
        await pause(0);
        const flipped = Buffer.from(bytes);
        flipped[index] = (flipped[index] ?? 0) ^ 1;
        writeFileSync(file, flipped);
        flips += 1;
        accepted += isRefused(() => loadLimits(loadConfig(cell.config))) ? 0 : 1;
      }
      writeFileSync(file, bytes);
      if (accepted > 0) {
        problems.push(`${accepted} of ${flips} flipped bytes of ${basename(file)} are accepted`);
      }
    }
    return problems;
  } finally {
    cell.remove();
  }
}

function isRefused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return true;
  }
}

/** A system of its own whose wall clock goes wrong 5 s after its start: the policy must go on moving the arm. */
async function moveUnder(rig: FaultRig, wallClock: string): Promise<readonly string[]> {
  const { realTime } = rig;
  const configFile = projectPath("daemon", "config", "lab.yaml");
  const other = await FaultRig.start({
    configFile,
    realTime,
    wallClock,
    holdToRun: false,
    leader: "none",
    cameras: true,
  });
  try {
    await other.followPolicy(0);
    await pause(6);
    const { reports } = await other.takeHistory();
    return [...new Set(reports.flatMap(({ stops }) => stops.map(({ code }) => code)))].map(
      (code) => `stopped when the wall clock went wrong: ${code}`,
    );
  } finally {
    await other.close();
  }
}
