import { spawnSync } from "node:child_process";

/** One collector thread: the real-time thread must not wait for helpers at ordinary priority. */
export const SHORT_COLLECTIONS: readonly string[] = ["--single-threaded-gc", "--max-semi-space-size=2"];

/**
 * Puts a process under SCHED_FIFO: all its threads, or its main thread alone. Where that is refused it stays ordinary, and
 * standard error says so in the words of `whose`.
 */
export function makeRealTime(pid: number, priority: number, threads: "all" | "main", whose: string): void {
  const which = threads === "all" ? ["-a"] : ["-R"];
  const { status } = spawnSync("chrt", [...which, "-f", "-p", String(priority), String(pid)], { stdio: "ignore" });
  if (status !== 0) {
    process.stderr.write(`The ${whose} without real-time scheduling: chrt is refused or missing.\n`);
  }
}
