import { readdirSync, readFileSync } from "node:fs";

/** Where the program of the policy process ends. */
const POLICY_PROCESS = "models/policy/process.js";

/** Largest resident size of a daemon's policy process since its start, MiB; null where `/proc` does not say. */
export function policyPeakMib(daemon: number): number | null {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const status = readProc(pid, "status");
    const isChild = new RegExp(`^PPid:\\s+${daemon}$`, "m").test(status);
    if (
      isChild &&
      readProc(pid, "cmdline")
        .split("\0")
        .some((word) => word.endsWith(POLICY_PROCESS))
    ) {
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      return peak === undefined ? null : Number((Number(peak) / 1024).toFixed(1));
    }
  }
  return null;
}

function readProc(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // It has ended since the listing.
    return "";
  }
}
