import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadConfig } from "../../daemon/config/config.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { FromPuppet, PuppetKind } from "../../daemon/types/puppet.js";
import type { LeaderFaults } from "../../drivers/virtual-lab/puppet/leader-faults.js";
import { VirtualLeader } from "../../drivers/virtual-lab/puppet/virtual-leader.js";
import { machine } from "./statistics.js";

/** Figures of one leader in one condition, at the receiver of the socket. */
interface Figures {
  readonly kind: PuppetKind;
  readonly condition: string;
  readonly samplesPerSecond: number;
  readonly lostPercent: number;
  readonly ageMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

const CONDITIONS: Readonly<Record<string, Partial<LeaderFaults>>> = {
  sound: {},
  "noise, garbage between": { noise: 0.003, garbageBytes: 10 },
  "0.1 % of bytes lost, 0.1 % changed": { lostBytes: 0.001, wrongBytes: 0.001 },
};

/** Measures the puppet process with a virtual leader of both kinds; virtual leader and receiver run in this process. */
export async function benchPuppet({ seconds, progress }: { seconds: number; progress: (words: string) => void }) {
  const figures: Figures[] = [];
  for (const kind of ["realman-leader", "dynamixel-leader"] as const) {
    for (const [condition, faults] of Object.entries(CONDITIONS)) {
      progress(`${kind}, ${condition}: ${seconds} s`);
      figures.push(await measure(kind, condition, faults, seconds));
    }
  }
  return { figures, machine: machine() };
}

async function measure(
  kind: PuppetKind,
  condition: string,
  faults: Partial<LeaderFaults>,
  seconds: number,
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "puppet-bench-"));
  const leader = new VirtualLeader({ kind, path: join(folder, "leader") });
  await leader.plug();
  const config = join(folder, "kinevla.yaml");
  writeFileSync(config, configText(kind, leader.path, folder));
  const ages: number[] = [];
  const seqs: number[] = [];
  let measuring = false;
  const server = createServer((socket) => {
    createInterface(socket).on("line", (line) => {
      const now = hostClock.now();
      const message: FromPuppet = JSON.parse(line);
      if (measuring && message.kind === "sample") {
        ages.push((now - message.sample.at) * 1000);
        seqs.push(message.sample.seq);
      }
    });
  });
  server.listen(loadConfig(config).puppetSocket);
  await once(server, "listening");
  const script = projectPath("dist", "daemon", "puppet", "main.js");
  const child = spawn(process.execPath, [script, "--config", config, "--die-with-parent"], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  while (leader.answers < 100) {
    await wait(0.02);
  }
  leader.fault(faults);
  measuring = true;
  await wait(seconds);
  measuring = false;
  child.stdin.end();
  await ended;
  server.close();
  await leader.unplug();
  rmSync(folder, { recursive: true });
  ages.sort((a, b) => a - b);
  const at = (part: number): number => Number((ages[Math.floor(part * (ages.length - 1))] ?? Number.NaN).toFixed(2));
  const asked = (seqs.at(-1) ?? 0) - (seqs[0] ?? 0) + 1;
  return {
    ...{ kind, condition },
    samplesPerSecond: Number((ages.length / seconds).toFixed(1)),
    lostPercent: Number((100 * (1 - ages.length / asked)).toFixed(2)),
    ageMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}

function configText(kind: PuppetKind, path: string, folder: string): string {
  const devices =
    kind === "realman-leader"
      ? "baud: 460800"
      : "baud: 1000000, joint_ids: [1, 2, 3, 4, 5, 6, 7], gripper_id: 8, button: { id: 20, address: 128 }";
  const lab = readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8");
  return `${lab.replace(/^run_directory: .*$/m, `run_directory: ${folder}`)}
puppet: { kind: ${kind}, path: ${path}, ${devices}, calibration: puppet.json }\n`;
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
