import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Names the process that records into a folder. */
const LOCK = "recorder.pid";

/** The process that records into a folder now; null for none, also when one has died without a word. */
export function recordingProcess(folder: string): number | null {
  try {
    const [pid, started] = readFileSync(join(folder, LOCK), "utf8").split(" ");
    return pid !== undefined && startOf(pid) === started ? Number(pid) : null;
  } catch {
    // No lock, or no such process.
    return null;
  }
}

/** Says that this process records into a folder; returns what takes that back. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK);
  writeFileSync(path, `${process.pid} ${startOf("self")}`);
  return () => rmSync(path, { force: true });
}

/** When a process was started, in the kernel's ticks: with the pid it names it for ever (proc(5), stat field 22). */
function startOf(pid: string): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
