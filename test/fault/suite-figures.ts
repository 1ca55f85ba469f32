import { quantile } from "../bench/statistics.js";
import { type AskedReaction, askedReactions } from "./asked-reactions.js";
import { CASES } from "./cases/all-cases.js";
import type { Budget } from "./cases/case.js";
import type { TrialResult } from "./run-trial.js";

/** Spread of times, ms; null without any. */
export interface Spread {
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** All runs of one trial in one mode. */
export interface CaseFigures {
  readonly id: number;
  readonly trial: string;
  readonly mode: string;
  readonly runs: number;
  readonly reaction_ms: Spread | null;
  readonly still_ms: Spread | null;
  readonly budget_ms: number | null;
  readonly still_budget_ms: number | null;
  readonly ok: boolean;
  /** What went wrong, each with the seeds that show it. */
  readonly problems: readonly { readonly what: string; readonly seeds: readonly number[] }[];
}

/** The whole suite, as `kinevla fault --json` prints it. */
export interface SuiteFigures {
  readonly asked: readonly AskedReaction[];
  readonly cases: readonly CaseFigures[];
  /** Trials in a mode that are not as they should be. */
  readonly failed: number;
  readonly violations: readonly {
    readonly id: number;
    readonly mode: string;
    readonly seed: number;
    readonly what: string;
  }[];
  readonly not_run: readonly { readonly id: number; readonly why: string }[];
}

/** Sums runs up; `ids` are the rows that were asked for, null for all. */
export function suiteFigures(results: readonly TrialResult[], ids: readonly number[] | null): SuiteFigures {
  const groups = new Map<string, TrialResult[]>();
  for (const result of results) {
    const key = JSON.stringify([result.caseId, result.trial, result.mode]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const cases = [...groups.values()].map(figuresOf).sort((a, b) => a.id - b.id);
  return {
    asked: askedReactions(results),
    cases,
    failed: cases.filter(({ ok }) => !ok).length,
    violations: results.flatMap(({ caseId: id, mode, seed, violations }) =>
      violations.map(({ check, detail }) => ({ id, mode, seed, what: `${check}: ${detail}` })),
    ),
    not_run: CASES.filter(({ id, trials }) => trials.length === 0 && (ids === null || ids.includes(id))).map(
      ({ id, cannot }) => ({ id, why: cannot ?? "" }),
    ),
  };
}

function figuresOf(results: readonly TrialResult[]): CaseFigures {
  const { caseId: id, trial, mode, budget } = results[0] ?? EMPTY;
  const seeds = new Map<string, number[]>();
  for (const { seed, problems, violations } of results) {
    for (const what of [...problems, ...violations.map(({ check, detail }) => `${check}: ${detail}`)]) {
      const kind = what.replace(/\d+(\.\d+)?(?= (ms|mm|deg))/g, "...");
      seeds.set(kind, [...(seeds.get(kind) ?? []), seed]);
    }
  }
  const problems = [...seeds].map(([what, list]) => ({ what, seeds: [...new Set(list)] }));
  return {
    ...{ id, trial, mode, runs: results.length },
    reaction_ms: spread(results.map(({ reactionMs }) => reactionMs)),
    still_ms: spread(results.map(({ stillMs }) => stillMs)),
    budget_ms: budget.reaction,
    still_budget_ms: budget.still,
    ok: problems.length === 0,
    problems,
  };
}

const EMPTY: { caseId: number; trial: string; mode: string; budget: Budget } = {
  ...{ caseId: 0, trial: "", mode: "" },
  budget: { reaction: null, still: null },
};

function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) {
    return null;
  }
  const [p50, p99] = [quantile(known, 0.5), quantile(known, 0.99)];
  return { min: Math.min(...known), p50, p99, max: Math.max(...known) };
}
