import { CASES } from "./cases/all-cases.js";
import type { FaultCase, Trial, TrialMode } from "./cases/case.js";
import { FaultRig } from "./rig/fault-rig.js";
import type { RigOptions } from "./rig/start-tapped.js";
import { type JudgedTrial, runTrial, type TrialResult } from "./run-trial.js";

/** Which cases are run, and how often. */
export interface SuiteOptions extends Omit<RigOptions, "holdToRun"> {
  /** Rows of safety.md §4.2; null for all. */
  readonly ids: readonly number[] | null;
  /** The only mode in which trials are run; null for each in all of its modes. */
  readonly mode: string | null;
  readonly runs: number;
  /** Of the first run; each further one adds 1. A failure comes again with its own seed and one run. */
  readonly seed: number;
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
  try {
    for (const row of rows) {
      for (const trial of row.trials) {
        for (const mode of trial.modes.filter((one) => options.mode === null || options.mode === one)) {
          for (let run = 0; run < Math.min(options.runs, trial.most ?? Infinity); run += 1) {
            if (options.signal.aborted) {
              return;
            }
            options.onResult(await runOnce(rigs, row, trial, mode, options.seed + run, options.onJudged));
          }
        }
      }
      if (row.trials.length === 0) {
        options.progress(`case ${row.id} cannot run here: ${row.cannot}`);
      }
    }
  } finally {
    await rigs.close();
  }
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
      const judged = await runTrial(await rigs.rig(trial.holdToRun === true), row, trial, mode, seed);
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
  readonly #options: Omit<RigOptions, "holdToRun">;
  readonly #progress: (words: string) => void;
  #rig: FaultRig | null = null;

  constructor(options: Omit<RigOptions, "holdToRun">, progress: (words: string) => void) {
    this.#options = options;
    this.#progress = progress;
  }

  async rig(holdToRun: boolean): Promise<FaultRig> {
    if (this.#rig !== null && this.#rig.system.config.operator.hold_to_run !== holdToRun) {
      await this.close();
    }
    this.#rig ??= await FaultRig.start({ ...this.#options, holdToRun });
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
