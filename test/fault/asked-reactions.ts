import { quantile } from "../bench/statistics.js";
import type { TrialResult } from "./run-trial.js";

/** A reaction that is asked for by name, over every run that shows it. */
export interface AskedReaction {
  readonly what: string;
  readonly budget_ms: number;
  readonly runs: number;
  readonly p99_ms: number;
  readonly worst: { readonly ms: number; readonly mode: string; readonly seed: number };
}

/** Row and trials that show each; of a lost operator, a policy has 500 ms (safety.md OP-01) and is not among them. */
const ASKED: readonly {
  readonly what: string;
  readonly budget: number;
  readonly shows: (result: TrialResult) => boolean;
}[] = [
  { what: "arm process killed", budget: 20, shows: ({ caseId, trial }) => caseId === 1 && trial === "arm process" },
  { what: "arm process hung", budget: 120, shows: ({ caseId, trial }) => caseId === 2 && trial === "arm process" },
  { what: "arm state stale", budget: 110, shows: ({ caseId, trial }) => caseId === 31 && trial === "all lost" },
  {
    what: "operator lost",
    budget: 230,
    shows: ({ caseId, trial, mode }) => caseId === 77 && trial === "half-open" && mode === "homing",
  },
  { what: "deadman released", budget: 20, shows: ({ caseId, trial }) => caseId === 78 && trial !== "control released" },
  { what: "stop under a flood of 50 000 messages a second", budget: 50, shows: ({ caseId }) => caseId === 83 },
];

/** The reactions that the project is asked for, as far as there are runs. */
export function askedReactions(results: readonly TrialResult[]): readonly AskedReaction[] {
  return ASKED.flatMap(({ what, budget, shows }) => {
    const timed = results.flatMap((result) =>
      shows(result) && result.reactionMs !== null ? [{ ...result, ms: result.reactionMs }] : [],
    );
    const [worst] = timed.toSorted((one, other) => other.ms - one.ms);
    if (worst === undefined) {
      return [];
    }
    const p99 = quantile(
      timed.map(({ ms }) => ms),
      0.99,
    );
    const { ms, mode, seed } = worst;
    return [{ what, budget_ms: budget, runs: timed.length, p99_ms: p99, worst: { ms, mode, seed } }];
  });
}
