import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

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

/** How to start an executable under real-time scheduling, or without it and why. */
export interface RealTimeCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** In words, for whoever starts it. */
  readonly scheduling: string;
}

/**
 * The command for a Node script under SCHED_FIFO with `priority`; an ordinary one for null or without the privilege.
 * One collector thread: helpers at ordinary priority would make the real-time thread wait for them.
 */
export function realTimeCommand(script: string, args: readonly string[], priority: number | null): RealTimeCommand {
  const node = ["--single-threaded-gc", "--max-semi-space-size=2", script, ...args];
  if (priority === null) {
    return { command: process.execPath, args: node, scheduling: "ordinary, as asked" };
  }
  const chrt = ["-f", String(priority)];
  const probe = spawnSync("chrt", [...chrt, "true"], { stdio: "ignore" });
  if (probe.status === 0) {
    return {
      command: "chrt",
      args: [...chrt, process.execPath, ...node],
      scheduling: `SCHED_FIFO ${priority}`,
    };
  }
  const why = probe.error === undefined ? "chrt is not permitted here" : "chrt is not installed";
  return { command: process.execPath, args: node, scheduling: `ordinary: ${why}, the stream will be less even` };
}
