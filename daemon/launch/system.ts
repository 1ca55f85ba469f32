import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { armProcessCommand, guardianCommand, puppetCommand } from "../arm/commands.js";
import { type Config, loadConfig } from "../config/config.js";
import { loadLimits } from "../config/limits-file.js";
import { projectPath } from "../ports/project-path.js";
import { type Child, startChild } from "./child.js";
import { configApart } from "./config-apart.js";
import { obstacles } from "./obstacles.js";
import { makeRunDirectory } from "./run-directory.js";

/** What to start. */
export interface SystemOptions {
  readonly configFile: string;
  /** Start the virtual lab with this seed and so many pictures a second; null where a real arm and cameras are there. */
  readonly lab: { readonly seed: number; readonly fps?: number } | null;
  /** Use free ports and a folder of its own instead of those of the configuration, so that several can run. */
  readonly apart: boolean;
  /** False starts arm, guardian and puppet process without real-time scheduling even where it may be had. */
  readonly realTime: boolean;
  /** Of the daemon, beside its configuration. */
  readonly daemonArguments?: readonly string[];
  /** Told what is being started. */
  readonly progress: (words: string) => void;
  /** Aborting it ends the start: what runs already is ended in order, then startSystem rejects with StartError. */
  readonly signal?: AbortSignal;
}

/** A running system: lab, guardian, arm process, puppet process where there is a leader arm, and daemon. */
export interface System {
  readonly config: Config;
  /** Base address of the lab's control port; null without lab. */
  readonly lab: string | null;
  readonly operatorUrl: string;
  readonly tokenFile: string;
  /** Which scheduling the arm process was started with, in words. */
  readonly scheduling: string;
  readonly children: readonly Child[];
  /** Resolves with a sentence when a process that should run has ended. */
  readonly broken: Promise<string>;
  /** Ends everything in order: daemon, arm process, guardian, lab. */
  close(): Promise<void>;
}

/** The system did not start: which part and why, and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly hint: string;

  constructor(message: string, hint = "See: kinevla doctor") {
    super(message);
    this.hint = hint;
  }
}

const READY_WITHIN_MS = 60_000;
/** Processes of an earlier start that was killed end by themselves within this time. */
const LEFTOVERS_WITHIN_MS = 8000;
/**
 * Of the virtual controller, above the arm process: a real controller has a processor of its own, so it never waits for
 * the arm process to finish its tick before it reads (measured: 113 ms of waiting in 11 s at 30, 2 to 6 ms at 60).
 */
const CONTROLLER_PRIORITY = 60;

/** Starts every process in order and waits until the daemon serves operators; throws StartError, ConfigError. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const folder = options.apart ? mkdtempSync(join(tmpdir(), "kinevla-")) : null;
  const children: Child[] = [];
  const close = async (): Promise<void> => {
    for (const child of [...children].reverse()) {
      await child.stop();
    }
    if (folder !== null) {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    const configFile =
      folder === null
        ? options.configFile
        : await configApart(options.configFile, join(folder, "kinevla.yaml"), folder);
    const config = loadConfig(configFile);
    // Read by the arm process; what is wrong in it is said before anything runs.
    loadLimits(config);
    const logs = join(config.run_directory, "logs");
    makeRunDirectory(config.run_directory);
    makeRunDirectory(logs);
    await clearWay(config, options);
    const start = (name: string, command: string, args: readonly string[], onLine?: (line: string) => void): Child => {
      const logFile = join(logs, `${name}.log`);
      const child = startChild({ name, command, args, logFile, ...(onLine === undefined ? {} : { onLine }) });
      children.push(child);
      return child;
    };
    const node = process.execPath;

    let lab: string | null = null;
    if (options.lab !== null) {
      options.progress("virtual lab");
      lab = await startLab(config, options, options.lab, start);
    }
    options.progress("arm process and its guardian");
    const guardian = guardianCommand(configFile, options.realTime);
    start("guardian", guardian.command, guardian.args);
    const arm = armProcessCommand(configFile, options.realTime);
    start("arm", arm.command, arm.args);
    if (config.puppet !== undefined) {
      const puppet = puppetCommand(configFile, options.realTime);
      start("puppet", puppet.command, puppet.args);
    }

    options.progress("daemon with cameras and policy");
    const script = projectPath("dist", "daemon", "main.js");
    const daemon = start("daemon", node, [script, "--config", configFile, ...(options.daemonArguments ?? [])]);
    const base = `http://${config.operator.host}:${config.operator.port}`;
    await until(daemon, async () => (await fetch(`${base}/healthz`)).ok, options.signal);
    return {
      config,
      lab,
      operatorUrl: base.replace("http", "ws"),
      tokenFile: config.operator.token_file,
      scheduling: arm.scheduling,
      children,
      broken: Promise.race(children.map((child) => child.ended)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the lab on the addresses that the configuration expects; gives its control address. */
async function startLab(
  config: Config,
  { realTime, signal }: SystemOptions,
  { seed, fps }: NonNullable<SystemOptions["lab"]>,
  start: (name: string, command: string, args: readonly string[], onLine: (line: string) => void) => Child,
): Promise<string> {
  const camera = "url" in config.cameras.front ? new URL(config.cameras.front.url).port : "0";
  if (config.arm.link.kind !== "tcp") {
    throw new StartError("The virtual lab speaks TCP: set arm.link.kind to tcp.");
  }
  let control: string | null = null;
  const script = projectPath("dist", "drivers", "virtual-lab", "main.js");
  const args = [
    ...["--seed", String(seed), "--controller-port", String(config.arm.link.port)],
    ...["--camera-port", camera, "--control-port", "0"],
    ...(fps === undefined ? [] : ["--fps", String(fps)]),
    ...(realTime ? ["--real-time", String(CONTROLLER_PRIORITY)] : []),
  ];
  const child = start("lab", process.execPath, [script, ...args], (line) => {
    const match = /"control":"(http:[^"]+)"/.exec(line);
    control ??= match?.[1] ?? null;
  });
  await until(child, () => Promise.resolve(control !== null), signal);
  return control ?? "";
}

/** Waits until nothing is in the way; throws StartError with all that still is when a leftover would have ended. */
async function clearWay(config: Config, { lab, progress, signal }: SystemOptions): Promise<void> {
  const deadline = Date.now() + LEFTOVERS_WITHIN_MS;
  for (let first = true; ; first = false) {
    const found = await obstacles(config, lab !== null);
    if (found.length === 0) {
      return;
    }
    if (Date.now() > deadline) {
      const other = `Is another system running? End it, or set other ports and another run_directory in ${config.file}.`;
      throw new StartError(found.join("\n"), other);
    }
    if (first) {
      progress("when what still uses its ports or its run_directory has ended");
    }
    await pause(signal);
  }
}

/** Between two looks at what is waited for; throws StartError when the start is given up. */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (signal?.aborted) {
    throw new StartError("The start was given up.", "Start again when you want to.");
  }
}

/** Polls until `isReady`; throws StartError when the process ends first or takes too long. */
async function until(child: Child, isReady: () => Promise<boolean>, signal: AbortSignal | undefined): Promise<void> {
  let ended: string | null = null;
  void child.ended.then((words) => {
    ended = words;
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (ended !== null) {
      throw new StartError(ended);
    }
    // Not listening yet is the expected answer while it starts.
    if (await isReady().catch(() => false)) {
      return;
    }
    await pause(signal);
  }
  throw new StartError(`${child.name} was not ready after ${READY_WITHIN_MS / 1000} s`);
}
