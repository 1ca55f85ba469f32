import { createHash } from "node:crypto";
import { z } from "zod";
import type { Role } from "../types/role.js";

// Interlocks: SE-08.

/** What somebody did, or what became of it. */
export interface AuditEntry {
  /** What was asked for or happened, for example `home`, `control`, `mode`. */
  readonly what: string;
  /** Who, by name. */
  readonly who: string;
  /** Id of the token; null where none was shown. */
  readonly token: string | null;
  readonly role: Role | null;
  /** The lease it was asked under. */
  readonly lease: number | null;
  /** The arm process's epoch as it was known; null without arm process. */
  readonly epoch: number | null;
  /** Everything else that was said. */
  readonly detail: string;
  /** `accepted`, or the code of the refusal, or what became of it. */
  readonly result: string;
}

/** Before the first record there ever was. */
export const NO_RECORD = { number: 0, digest: "0".repeat(64) };

/** Where a chain ends. */
export interface ChainEnd {
  readonly number: number;
  readonly digest: string;
}

const DIGEST = /,"digest":"([0-9a-f]{64})"\}$/;
const linked = z.object({ number: z.int(), previous: z.string() });

/** One line of the log, without its line end: the entry, both clocks, the digest of the line before and its own. */
export function chainLine(
  end: ChainEnd,
  entry: AuditEntry,
  at: number,
  wallTime: number,
): { readonly line: string; readonly end: ChainEnd } {
  const number = end.number + 1;
  const body = JSON.stringify({
    ...{ number, at: Math.round(at * 1e6) / 1e6, wall: new Date(wallTime).toISOString() },
    ...{ who: entry.who, token: entry.token, role: entry.role, lease: entry.lease, epoch: entry.epoch },
    ...{ what: entry.what, detail: entry.detail, result: entry.result, previous: end.digest },
  });
  const digest = digestOf(body);
  return { line: `${body.slice(0, -1)},"digest":"${digest}"}`, end: { number, digest } };
}

/** Follows the chain over one line; a string says what is wrong with it. `end` is null where the log begins here. */
export function followLine(end: ChainEnd | null, line: string): ChainEnd | string {
  const digest = DIGEST.exec(line)?.[1];
  if (digest === undefined) {
    return "it is no record, or only part of one";
  }
  const body = line.replace(DIGEST, "}");
  if (digestOf(body) !== digest) {
    return "it was changed after it was written";
  }
  const parsed = linked.safeParse(JSON.parse(body));
  if (!parsed.success) {
    return "it is no record";
  }
  const { number, previous } = parsed.data;
  if (end !== null && (previous !== end.digest || number !== end.number + 1)) {
    return `it is record ${number}, which does not follow record ${end.number}: records were removed, added or swapped`;
  }
  return { number, digest };
}

function digestOf(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
