import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ChainEnd, followLine } from "./audit-chain.js";

const FILE = /^\d{4}-\d{2}-\d{2}\.jsonl$/;

/** The files of a log, oldest first; one for each day (UTC) on which something was recorded. */
export function auditFiles(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => FILE.test(name))
        .sort()
    : [];
}

/** What a look through the whole log has found. */
export type Verification =
  | { readonly kind: "whole"; readonly files: number; readonly records: number; readonly end: ChainEnd | null }
  /** `line` counts from 1. */
  | { readonly kind: "broken"; readonly file: string; readonly line: number; readonly reason: string };

/** Follows the chain through every file, up to the first line that breaks it. */
export function verifyAudit(folder: string): Verification {
  let end: ChainEnd | null = null;
  let records = 0;
  const files = auditFiles(folder);
  for (const file of files) {
    const lines = readFileSync(join(folder, file), "utf8").split("\n");
    const rest = lines.pop();
    for (const [index, line] of lines.entries()) {
      const next = followLine(end, line);
      if (typeof next === "string") {
        return { kind: "broken", file, line: index + 1, reason: next };
      }
      end = next;
      records += 1;
    }
    if (rest !== "") {
      return { kind: "broken", file, line: lines.length + 1, reason: "it is only part of a record" };
    }
  }
  return { kind: "whole", files: files.length, records, end };
}
