import { CASES } from "./cases/all-cases.js";
import type { FaultCase, Trial, TrialMode } from "./cases/case.js";
import { FaultRig } from "./rig/fault-rig.js";
import type { RigNeeds, RigOptions } from "./rig/start-tapped.js";
import { type JudgedTrial, runTrial, type TrialResult } from "./run-trial.js";

/** Which cases are run, and how often. */
export interface SuiteOptions extends Omit<RigOptions, keyof RigNeeds> {
  /** Rows of safety.md §4.2; null for all. */
  readonly ids: readonly number[] | null;
  /** The only mode in which trials are run; null for each in all of its modes. */
  readonly mode: string | null;
  readonly runs: number;
  /** Of the first run; each further one adds 1. A failure comes again with its own seed and one run. */
  readonly seed: number;
  /** Whether a run counts already and is not made again. */
  readonly isDone: (run: Pick<TrialResult, "caseId" | "trial" | "mode" | "seed">) => boolean;
  readonly progress: (words: string) => void;
  /** Told of each run as it is judged. */
  readonly onResult: (result: TrialResult) => void;
  /** Told of each run that could be made, with its whole record. */
  readonly onJudged: (judged: JudgedTrial) => void;
  readonly signal: AbortSignal;
}

/** A run that cannot even begin, for example because the machine starves the lab's cameras, is tried so often. */
const ATTEMPTS = 3;

/** Runs the chosen cases, each trial in each of its modes; rejects only where no system can be started. */
export async function runCases(options: SuiteOptions): Promise<void> {
  const rigs = new RigKeeper(options, options.progress);
  const rows = CASES.filter(({ id }) => options.ids === null || options.ids.includes(id));
  for (const { id, cannot } of rows.filter(({ trials }) => trials.length === 0)) {
    options.progress(`case ${id} cannot run here: ${cannot}`);
  }
  try {
    for (const { row, trial, mode } of combinations(rows, options.mode)) {
      for (let run = 0; run < Math.min(options.runs, trial.most ?? Infinity); run += 1) {
        if (options.signal.aborted) {
          return;
        }
        const seed = options.seed + run;
        if (!options.isDone({ caseId: row.id, trial: trial.name, mode, seed })) {
          options.onResult(await runOnce(rigs, row, trial, mode, seed, options.onJudged));
        }
      }
    }
  } finally {
    await rigs.close();
  }
}

interface Combination {
  readonly row: FaultCase;
  readonly trial: Trial;
  readonly mode: TrialMode;
}

/** Each trial in each of its modes; those that need the same system one after the other, because a start takes long. */
function combinations(rows: readonly FaultCase[], only: string | null): readonly Combination[] {
  const all = rows.flatMap((row) =>
    row.trials.flatMap((trial) =>
      trial.modes.filter((mode) => only === null || mode === only).map((mode) => ({ row, trial, mode })),
    ),
  );
  const rank = ({ trial, mode }: Combination): number => {
    const { holdToRun, cameras } = needsOf(trial, mode);
    return (holdToRun ? 2 : 0) + (cameras ? 1 : 0);
  };
  return all.sort((one, other) => rank(one) - rank(other));
}

/** Where no policy is followed there are no cameras, and a leader moves the arm: every system is as small as may be. */
function needsOf({ holdToRun, policy }: Trial, mode: TrialMode): RigNeeds {
  const cameras = mode === "policy" || mode === "standby" || policy === true;
  return { holdToRun: holdToRun === true, cameras, leader: cameras ? "none" : "sound" };
}

async function runOnce(
  rigs: RigKeeper,
  row: FaultCase,
  trial: Trial,
  mode: TrialMode,
  seed: number,
  onJudged: SuiteOptions["onJudged"],
): Promise<TrialResult> {
  let why = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      const judged = await runTrial(await rigs.rig(needsOf(trial, mode)), row, trial, mode, seed);
      onJudged(judged);
      await rigs.after(trial.fresh === true);
      return judged.result;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
      await rigs.after(trial.fresh === true);
    }
  }
  return {
    ...{ caseId: row.id, trial: trial.name, mode, seed, reactionMs: null, stillMs: null },
    ...{ budget: trial.budget ?? row.budget, problems: [`could not be run: ${why}`], violations: [] },
  };
}

/** Keeps one system for as many runs as it is fit for. */
class RigKeeper {
  readonly #options: Omit<RigOptions, keyof RigNeeds>;
  readonly #progress: (words: string) => void;
  #rig: FaultRig | null = null;
  #has: RigNeeds = { holdToRun: false, leader: "none", cameras: true };

  constructor(options: Omit<RigOptions, keyof RigNeeds>, progress: (words: string) => void) {
    this.#options = options;
    this.#progress = progress;
  }

  async rig(needs: RigNeeds): Promise<FaultRig> {
    const { holdToRun, cameras } = this.#has;
    if (holdToRun !== needs.holdToRun || cameras !== needs.cameras) {
      await this.close();
    }
    this.#has = needs;
    this.#rig ??= await FaultRig.start({ ...this.#options, ...needs });
    return this.#rig;
  }

  /** Makes the system fit for the next run, or ends it where it is not. */
  async after(isSpent: boolean): Promise<void> {
    try {
      if (!isSpent) {
        await this.#rig?.recover();
        return;
      }
    } catch (error) {
      this.#progress(`a new system is started: ${error instanceof Error ? error.message : String(error)}`);
    }
    await this.close();
  }

  async close(): Promise<void> {
    const rig = this.#rig;
    this.#rig = null;
    await rig?.close();
  }
}
