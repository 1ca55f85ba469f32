import type { Instant, Seconds } from "../types/units.js";
import type { Finding } from "./finding.js";

/** One row of a table of interlocks: what holds now, how long it has to, and what follows. */
export interface Condition extends Omit<Finding, "detail"> {
  /** Written so that NaN holds. */
  readonly holds: boolean;
  /** Once it holds, it goes on as long as this does; the same as `holds` where there is no hysteresis. */
  readonly goesOn?: boolean;
  /** It is a finding once it has held this long. */
  readonly lasting: Seconds;
  readonly detail: () => string;
}

/** Since when each row of one table has held; Infinity while it does not. Empty in the beginning. */
export type Since = readonly Instant[];

/** Judges a table, which has the same rows in every call. */
export function raise(
  since: Since,
  conditions: readonly Condition[],
  now: Instant,
): readonly [Since, readonly Finding[]] {
  const findings: Finding[] = [];
  const next = conditions.map(({ holds, goesOn, lasting, detail, id, code, reaction }, row) => {
    const before = since[row] ?? Infinity;
    const held = holds || (goesOn === true && before < Infinity);
    const start = held ? Math.min(before, now) : Infinity;
    if (now - start >= lasting) {
      findings.push({ id, code, reaction, detail: detail() });
    }
    return start;
  });
  return [next, findings];
}
