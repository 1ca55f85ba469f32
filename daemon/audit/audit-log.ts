import { readFileSync, truncateSync } from "node:fs";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { BehaviorSubject, type Observable } from "rxjs";
import type { Clock } from "../ports/clock.js";
import type { Fault } from "../ports/task-news.js";
import { type AuditEntry, type ChainEnd, chainLine, followLine, NO_RECORD } from "./audit-chain.js";
import { auditFiles } from "./audit-files.js";

/** A record is on the disk within this time (reference/safety.md section 5, item 14), and tried again after it. */
const FLUSH_MS = 100;
/** Records that wait while the disk takes none; what is beyond is counted. */
const MOST_WAITING = 10_000;
/** Files are kept this long (reference/safety.md section 5, item 14). */
const KEPT_MS = 90 * 24 * 3_600_000;

/** What the log is opened with. */
export interface AuditLogOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** In ms since 1970. */
  readonly wallTime?: () => number;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly at: number;
  readonly wallTime: number;
}

/**
 * The append-only log of who asked for what and what became of it. Recording takes no time: records are written and
 * flushed in the background. A disk that takes none is a fault that is told; records then wait.
 */
export class AuditLog {
  /** Why records are not being written; null while they are. */
  readonly fault: Observable<Fault | null>;
  readonly #fault = new BehaviorSubject<Fault | null>(null);
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #wallTime: () => number;
  readonly #timer: NodeJS.Timeout;
  #end: ChainEnd;
  readonly #waiting: Waiting[] = [];
  #lost = 0;
  #file: { readonly name: string; readonly handle: FileHandle; size: number } | null = null;
  #writing: Promise<void> | null = null;

  private constructor({ folder, clock, wallTime = Date.now }: AuditLogOptions, end: ChainEnd) {
    this.#folder = folder;
    this.#clock = clock;
    this.#wallTime = wallTime;
    this.#end = end;
    this.fault = this.#fault.asObservable();
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
  }

  /** Goes on where the log ends; an unfinished last line, left by a crash, is taken off and that is recorded. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const { end, cut } = lastRecord(options.folder);
    const log = new AuditLog(options, end);
    if (cut > 0) {
      log.record({ ...OWN, what: "audit", detail: `${cut} bytes of an unfinished record were taken off`, result: "" });
    }
    return log;
  }

  /** Where the chain ends, as far as it is written. */
  get end(): ChainEnd {
    return this.#end;
  }

  /** Records an entry with both clocks as they are now; returns at once. */
  record(entry: AuditEntry): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push({ entry, at: this.#clock.now(), wallTime: this.#wallTime() });
  }

  /** Writes what waits, if the disk takes it, and ends. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    this.#flush();
    await this.#writing;
    await this.#file?.handle.close();
  }

  #flush(): void {
    if (this.#writing === null && this.#waiting.length > 0) {
      this.#writing = this.#write().finally(() => {
        this.#writing = null;
      });
    }
  }

  async #write(): Promise<void> {
    const batch = [...this.#waiting];
    try {
      const file = await this.#fileFor(batch[0]?.wallTime ?? this.#wallTime());
      let { number, digest } = this.#end;
      let text = "";
      for (const { entry, at, wallTime } of batch) {
        const { line, end } = chainLine({ number, digest }, entry, at, wallTime);
        text += `${line}\n`;
        ({ number, digest } = end);
      }
      const { size } = file;
      try {
        await file.handle.appendFile(text);
        await file.handle.datasync();
      } catch (error) {
        // Half a batch would break the chain when it is written again.
        await file.handle.truncate(size);
        throw error;
      }
      file.size += Buffer.byteLength(text);
      this.#end = { number, digest };
      this.#waiting.splice(0, batch.length);
      this.#written();
    } catch (error) {
      this.#failed(error);
    }
  }

  #written(): void {
    if (this.#lost > 0) {
      const detail = `${this.#lost} records found no place while the disk took none`;
      this.#lost = 0;
      this.record({ ...OWN, what: "audit", detail, result: "lost" });
    }
    if (this.#fault.value !== null) {
      this.#fault.next(null);
    }
  }

  #failed(error: unknown): void {
    if (this.#fault.value === null) {
      this.#fault.next({
        code: "audit-log",
        part: "audit log",
        detail: `Nothing can be recorded in ${this.#folder} (${error instanceof Error ? error.message : String(error)}).`,
        hint: "Make room on its disk. Records wait in memory and are written as soon as they can be.",
        since: this.#clock.now(),
        latched: false,
      });
    }
  }

  /** The day's file; files older than 90 days go when a new one begins. */
  async #fileFor(wallTime: number): Promise<{ readonly handle: FileHandle; size: number }> {
    const name = `${new Date(wallTime).toISOString().slice(0, 10)}.jsonl`;
    if (this.#file !== null && this.#file.name >= name) {
      return this.#file;
    }
    const handle = await open(join(this.#folder, name), "a", 0o600);
    const { size } = await handle.stat();
    await this.#file?.handle.close();
    this.#file = { name, handle, size };
    const oldest = `${new Date(wallTime - KEPT_MS).toISOString().slice(0, 10)}.jsonl`;
    for (const old of auditFiles(this.#folder).filter((file) => file < oldest)) {
      await rm(join(this.#folder, old));
    }
    return this.#file;
  }
}

/** What the daemon itself has to say. */
const OWN = { who: "daemon", token: null, role: null, lease: null, epoch: null } as const;

/** The last whole record of the newest file that has one, and how many bytes of an unfinished one were taken off. */
function lastRecord(folder: string): { readonly end: ChainEnd; readonly cut: number } {
  let cut = 0;
  for (const file of [...auditFiles(folder)].reverse()) {
    const path = join(folder, file);
    const text = readFileSync(path);
    const whole = text.lastIndexOf("\n") + 1;
    if (whole < text.length) {
      cut += text.length - whole;
      truncateSync(path, whole);
    }
    const line = text.subarray(0, whole).toString("utf8").trimEnd().split("\n").at(-1);
    const end = line === undefined || line === "" ? null : followLine(null, line);
    if (end !== null && typeof end !== "string") {
      return { end, cut };
    }
  }
  return { end: NO_RECORD, cut };
}
