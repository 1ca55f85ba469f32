import { readdirSync, readFileSync } from "node:fs";
import { CliError } from "../../daemon/cli/exit-code.js";
import { connectOperator, need } from "../../daemon/cli/operator-link.js";
import { untilReady } from "../../daemon/cli/until-ready.js";
import { type LabControl, labControl } from "../../daemon/launch/lab-control.js";
import { type System, startSystem } from "../../daemon/launch/system.js";
import type { OperatorClient } from "../../daemon/operator/client.js";
import type { ServerMessage, ServerMessageOf } from "../../daemon/operator/server-message.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { Arrival } from "../../drivers/virtual-lab/controller/arrivals.js";

/** The real processes, the virtual lab, and an operator in control. */
export interface Rig {
  readonly system: System;
  readonly lab: LabControl;
  readonly client: OperatorClient;
  /** Resolves with the first message from now on that fits; rejects after `withinMs`. */
  next<T extends ServerMessage["type"]>(
    type: T,
    fits?: (message: ServerMessageOf<T>) => boolean,
    withinMs?: number,
  ): Promise<ServerMessageOf<T>>;
  /** Waits until an instruction could be followed. */
  fit(): Promise<void>;
  /**
   * Starts the first trained instruction and resolves while a joint is moving by the policy; again where a shared machine
   * let the lab's pictures come so late that the daemon gave up before.
   */
  startMoving(): Promise<void>;
  /** Setpoints and stops that reached the controller since the last clear. */
  arrivals(): Promise<readonly Arrival[]>;
  close(): Promise<void>;
}

const ATTEMPTS = 4;
/** Cameras, arm and policy take two to four seconds. */
const FIT_WITHIN_MS = 15_000;

const LAB = projectPath("daemon", "config", "lab.yaml");

/** Starts everything with free ports and waits until an instruction could be followed. */
export async function startRig(daemonArguments: readonly string[] = []): Promise<Rig> {
  const rig = await openRig(LAB, daemonArguments);
  try {
    await rig.fit();
    return rig;
  } catch (error) {
    await rig.close();
    throw error;
  }
}

/** Starts everything with free ports and takes control; cameras and policy may not be ready yet. */
export async function openRig(configFile: string, daemonArguments: readonly string[] = []): Promise<Rig> {
  const system = await startSystem({
    configFile,
    lab: { seed: 3 },
    apart: true,
    realTime: true,
    daemonArguments,
    progress: () => {},
  });
  try {
    return await inControlOf(system);
  } catch (error) {
    await system.close();
    throw error;
  }
}

async function inControlOf(system: System): Promise<Rig> {
  const client = await connectOperator({ url: system.operatorUrl, tokenFile: system.tokenFile, name: "scenario" });
  const lab = labControl(system.lab ?? "");
  const next: Rig["next"] = (type, fits = () => true, withinMs = 20_000) =>
    new Promise((resolve, reject) => {
      // Made here, so that it shows who waits.
      const late = new Error(`no fitting ${type} message within ${withinMs} ms`);
      let last = "none came";
      const timer = setTimeout(() => {
        unlisten();
        late.message += `; the last one: ${last}`;
        reject(late);
      }, withinMs);
      const unlisten = client.onMessage((message) => {
        last = message.type === type ? JSON.stringify(message) : last;
        if (isOfType(message, type) && fits(message)) {
          clearTimeout(timer);
          unlisten();
          resolve(message);
        }
      });
    });
  await need(client.subscribe(["state", "reasoning", "chunks", "faults", "progress"], 50), "accepted");
  await need(client.takeControl(), "control-granted");
  return {
    ...{ system, lab, client, next },
    fit: () => untilFit(system, client),
    startMoving: async () => {
      for (let attempt = 1; ; attempt += 1) {
        await untilFit(system, client);
        const end = await startTask(client, next);
        if (end === null) {
          return;
        }
        if (attempt === ATTEMPTS || !end.includes("picture")) {
          throw new Error(`the task ended before anything moved: ${end}`);
        }
      }
    },
    arrivals: async () => (await lab.arrivals()).records,
    close: async () => {
      await client.close();
      await system.close();
    },
  };
}

/** Starts the first trained instruction; null when a joint moves by the policy, or how the task ended before. */
async function startTask(client: OperatorClient, next: Rig["next"]): Promise<string | null> {
  const { policy, progress } = await need(client.request({ type: "status" }), "status");
  const instruction = policy?.instructions[0] ?? "";
  let before: readonly number[] | null = null;
  const moving = next("state", ({ commanded, source }) => {
    const last = before;
    before = commanded;
    // 0.05 deg between two reports, 20 ms apart
    return source === "policy" && last !== null && largestDifference(commanded ?? last, last) > 0.0009;
  });
  const ended = next(
    "progress",
    // The task before ends as well, by this instruction.
    ({ task, phase }) => task !== progress?.task && ["failed", "stopped", "finished"].includes(phase),
    25_000,
  );
  // One of them comes too late to matter.
  moving.catch(() => undefined);
  ended.catch(() => undefined);
  const answer = await client.requestInControl({ type: "instruct", instruction, homeFirst: false });
  if (answer.type !== "accepted") {
    return JSON.stringify(answer);
  }
  return await Promise.race([moving.then(() => null), ended.then(({ phase, detail }) => `${phase}, ${detail}`)]);
}

/**
 * What a busy machine did while everything started is mended: a policy that was starved while it was timed is started again,
 * so that it is timed again, and a guardian that missed the arm process is acknowledged. Rejects with what is in the way.
 */
async function untilFit(system: System, client: OperatorClient): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await untilReady(client, () => undefined, FIT_WITHIN_MS);
      return;
    } catch (error) {
      if (!(error instanceof CliError) || attempt === ATTEMPTS) {
        throw error;
      }
      if (error.code === "policy-unfit") {
        await startPolicyAgain(system, client);
      } else if ((await faultCodes(client)).includes("guardian-fired")) {
        const reason = "the machine was busy while everything started";
        await need(client.requestInControl({ type: "acknowledge", reason }), "accepted");
      }
    }
  }
}

async function startPolicyAgain(system: System, client: OperatorClient): Promise<void> {
  const daemon = system.children.find(({ name }) => name === "daemon");
  for (const pid of descendants(daemon?.pid ?? 0, "models/policy/process.js")) {
    process.kill(pid, "SIGKILL");
  }
  while ((await faultCodes(client)).includes("policy-unfit")) {
    await watchFor(50);
  }
}

async function faultCodes(client: OperatorClient): Promise<readonly string[]> {
  return (await need(client.request({ type: "status" }), "status")).faults.map(({ code }) => code);
}

function isOfType<T extends ServerMessage["type"]>(message: ServerMessage, type: T): message is ServerMessageOf<T> {
  return message.type === type;
}

/** Largest difference of two joint vectors, rad. */
export function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((q, joint) => Math.abs(q - (b[joint] ?? Number.NaN))));
}

/** Process ids of all descendants of a process whose command line holds `words`. */
export function descendants(pid: number, words = ""): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .flatMap((name) => [
      ...(commandLine(name).includes(words) ? [Number(name)] : []),
      ...descendants(Number(name), words),
    ]);
}

/** True while a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  const stat = readProc(String(pid), "stat");
  return stat !== "" && !stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
}

function parentOf(pid: string): number {
  const stat = readProc(pid, "stat");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function commandLine(pid: string): string {
  return readProc(pid, "cmdline").replaceAll("\0", " ");
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It has ended.
    return "";
  }
}

/** Resolves after `ms`; for watching that something does not happen. */
export function watchFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
