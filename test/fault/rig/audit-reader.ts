import { readFileSync } from "node:fs";
import { join } from "node:path";
import { auditFiles, verifyAudit } from "../../../daemon/audit/audit-files.js";
import type { AuditGain } from "../history/run-history.js";

/** Reads what a running daemon's audit log gains. */
export class AuditReader {
  readonly #folder: string;
  #read = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Everything since the last time that is on the disk. */
  take(): AuditGain {
    const lines = auditFiles(this.#folder).flatMap((name) =>
      readFileSync(join(this.#folder, name), "utf8").split("\n").slice(0, -1),
    );
    const gained = lines.slice(this.#read).map((line): { what: string; result: string } => JSON.parse(line));
    this.#read = lines.length;
    const found = verifyAudit(this.#folder);
    // The last record may be half written just now.
    const broken = found.kind === "broken" && !found.reason.includes("part of a record");
    return {
      accepted: gained.filter(({ result }) => result === "accepted").map(({ what }) => what),
      flaw: broken ? `${found.file}, line ${found.line}: ${found.reason}` : null,
    };
  }
}
