import { CASES } from "./cases/all-cases.js";
import type { FaultCase } from "./cases/case.js";

/** What the suite has of one row of safety.md §4.2. */
export interface RowCoverage {
  readonly id: number;
  readonly inject: string;
  /** Combinations of trial and mode; none where the row has no case. */
  readonly trials: readonly { readonly name: string; readonly modes: readonly string[] }[];
  /** What of the row cannot run here; null where all of it does. */
  readonly cannot: string | null;
}

/** The 96 rows in their order. */
export function coverage(cases: readonly FaultCase[] = CASES): readonly RowCoverage[] {
  return cases.map(({ id, inject, trials, cannot }) => ({
    ...{ id, inject, cannot: cannot ?? null },
    trials: trials.map(({ name, modes }) => ({ name, modes })),
  }));
}

/** The same for people: a line a row, and a sum. */
export function coverageInWords(rows: readonly RowCoverage[]): string {
  const without = rows.filter(({ trials }) => trials.length === 0);
  const inPart = rows.filter(({ trials, cannot }) => trials.length > 0 && cannot !== null);
  const combinations = rows.flatMap(({ trials }) => trials.flatMap(({ modes }) => modes)).length;
  return [
    ...rows.map(lineOf),
    "",
    `${rows.length} rows: ${rows.length - without.length} with a case (${inPart.length} of them in part), ${without.length} without; ${combinations} combinations of trial and mode.`,
    `Without: ${without.map(({ id }) => id).join(", ") || "none"}`,
    "",
  ].join("\n");
}

function lineOf({ id, inject, trials, cannot }: RowCoverage): string {
  const what =
    trials.length === 0
      ? "NONE"
      : [...new Set(trials.flatMap(({ modes }) => modes))].map((mode) => `${mode} ${countIn(trials, mode)}`).join(", ");
  return `${String(id).padStart(2)}  ${what.padEnd(32)} ${inject}${cannot === null ? "" : ` (${cannot})`}`;
}

function countIn(trials: RowCoverage["trials"], mode: string): number {
  return trials.filter(({ modes }) => modes.includes(mode)).length;
}
