import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { makeRealTime, SHORT_COLLECTIONS } from "../ports/real-time.js";

// Interlocks: HO-02.

// Linux scheduling policies as /proc/<pid>/stat counts them (proc(5), field 41).
const POLICIES: Readonly<Record<string, string>> = { "1": "SCHED_FIFO", "2": "SCHED_RR" };

/** Which scheduling this process really has, in words. */
export function presentScheduling(): string {
  // The second field is the name in parentheses and may hold anything; the third follows the last parenthesis.
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const policy = POLICIES[fields[38] ?? ""];
  return policy === undefined ? "ordinary (no real-time scheduling)" : `${policy} ${fields[37] ?? ""}`;
}

const RISE = "--real-time";

/** What a program that `riseAsAsked` must know of its command line. */
export const RISE_OPTION = { "real-time": { type: "string" } } as const;

/**
 * Where the program was started with `--real-time N`: puts it under SCHED_FIFO N. To be called when its modules are
 * loaded: that takes both cores of a small machine for 0.3 s, which must not be taken from who is in motion.
 */
export function riseAsAsked(): void {
  const asked = process.argv.indexOf(RISE);
  if (asked >= 0) {
    makeRealTime(process.pid, Number(process.argv[asked + 1]), "all", "process runs");
  }
}

/** How to start an executable under real-time scheduling, or without it and why. */
export interface RealTimeCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** In words, for whoever starts it. */
  readonly scheduling: string;
}

/**
 * The command for a Node script that rises to SCHED_FIFO with `priority` by itself (`riseAsAsked`); an ordinary one for
 * null or without the privilege.
 */
export function realTimeCommand(script: string, args: readonly string[], priority: number | null): RealTimeCommand {
  const node = [...SHORT_COLLECTIONS, script, ...args];
  if (priority === null) {
    return { command: process.execPath, args: node, scheduling: "ordinary, as asked" };
  }
  const probe = spawnSync("chrt", ["-f", String(priority), "true"], { stdio: "ignore" });
  if (probe.status === 0) {
    const command = process.execPath;
    return { command, args: [...node, RISE, String(priority)], scheduling: `SCHED_FIFO ${priority}` };
  }
  const why = probe.error === undefined ? "chrt is not permitted here" : "chrt is not installed";
  return { command: process.execPath, args: node, scheduling: `ordinary: ${why}, the stream will be less even` };
}
