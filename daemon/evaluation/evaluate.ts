import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";
import { readTrustedManifest } from "../../models/bundle/read-manifest.js";
import { CliError, EXIT } from "../cli/exit-code.js";
import { connectOperator, need } from "../cli/operator-link.js";
import { explained, startUntilInterrupted } from "../cli/start-or-explain.js";
import { untilReady } from "../cli/until-ready.js";
import type { Texts } from "../composition/force-texts.js";
import { loadConfig } from "../config/config.js";
import { labControl, verdictInWords } from "../launch/lab-control.js";
import { CONDITION_WORDS, type Condition, isForced } from "./condition.js";
import { forcedTexts } from "./forced-texts.js";
import { planTrials } from "./plan-trials.js";
import { runTrial, type TrialRig } from "./run-trial.js";
import { type Evaluation, summarise } from "./summarise.js";
import { type PlannedTrial, type Subject, type Trial, trialKey } from "./trial.js";
import { NO_LOG, openTrialLog } from "./trial-log.js";

/** What to evaluate. */
export interface EvaluateOptions {
  readonly configFile: string;
  /** Of each task in each condition. */
  readonly trials: number;
  /** Seed of the first trial; trial n of every task uses `seed + n`. */
  readonly seed: number;
  /** Places in the lab's list; null for all that the bundle was trained on. */
  readonly tasks: readonly number[] | null;
  readonly conditions: readonly Condition[];
  readonly realTime: boolean;
  /** `varied` also draws light, colours and camera poses for each trial. */
  readonly looks: Subject["looks"];
  /** Where trials are kept as they end; null for nowhere. */
  readonly log: { readonly file: string; readonly resume: boolean } | null;
  /** Told how far it is. */
  readonly progress: (words: string) => void;
}

/**
 * Runs seeded trials of each task in each condition through the whole system against the virtual lab; those that the
 * log holds already are not run again. Throws CliError, and whatever breaks the system.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { policy, trust } = await explained(async () => loadConfig(options.configFile));
  const { manifest, digest } = await explained(() => readTrustedManifest(policy.bundle, trust));
  const known = TASKS.flatMap(({ instruction }, task) => (manifest.instructions.includes(instruction) ? [task] : []));
  const tasks = options.tasks ?? known;
  if (tasks.length === 0 || tasks.some((task) => TASKS[task] === undefined)) {
    const hint = `The lab has tasks 0 to ${TASKS.length - 1}; the bundle knows ${known.join(", ") || "none"}.`;
    throw new CliError(EXIT.usage, "no-such-task", "There is no such task.", hint);
  }
  const subject: Subject = {
    kind: "evaluation",
    schema: "kinevla.evaluation.v1",
    bundle: manifest.id,
    manifestSha256: digest,
    looks: options.looks,
    reasoning: policy.reasoning,
  };
  const log = options.log === null ? NO_LOG : openTrialLog(options.log.file, subject, options.log.resume);
  const asked = planTrials({ ...options, tasks }, TASKS);
  const done = new Map(log.before.map((trial) => [trialKey(trial), trial]));
  const runs: Trial[] = asked.flat().flatMap((trial) => done.get(trialKey(trial)) ?? []);
  const progress = progressOf(asked.flat().length, runs, options.progress);
  for (const group of asked) {
    const left = group.filter((trial) => !done.has(trialKey(trial)));
    if (left.length > 0) {
      await runGroup(options, left, known, (trial) => {
        log.add(trial);
        runs.push(trial);
        progress(trial);
      });
    }
  }
  return summarise(subject, runs, TASKS);
}

/** Starts a system, runs trials on it one after the other, and ends it. */
async function runGroup(
  options: EvaluateOptions,
  group: readonly PlannedTrial[],
  known: readonly number[],
  onTrial: (trial: Trial) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-evaluation-"));
  try {
    const system = await startUntilInterrupted({
      configFile: options.configFile,
      lab: { seed: options.seed },
      apart: true,
      realTime: options.realTime,
      daemonArguments: forcingArguments(folder, group, known),
      progress: (words) => options.progress(`starting ${words}`),
    });
    try {
      const client = await connectOperator({
        url: system.operatorUrl,
        tokenFile: system.tokenFile,
        name: "evaluation",
      });
      await need(client.subscribe(["state", "progress", "reasoning", "chunks", "faults"]), "accepted");
      await need(client.takeControl(), "control-granted");
      await untilReady(client, options.progress);
      const daemon = system.children.find(({ name }) => name === "daemon")?.pid ?? -1;
      const { looks, progress } = options;
      const rig: TrialRig = { client, lab: labControl(system.lab ?? ""), looks, daemon, progress };
      for (const trial of group) {
        const ended = await runTrial(rig, trial);
        if (system.interrupted.aborted) {
          // It was cut off, which is no failure of the policy. Thrown, so that no further system is started.
          throw new CliError(EXIT.interrupted, "interrupted", "The evaluation was ended.", "--resume goes on with it.");
        }
        onTrial(ended);
      }
      await client.close();
    } finally {
      await system.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where a condition forces texts: what the daemon is told, trial after trial of each instruction. */
function forcingArguments(folder: string, group: readonly PlannedTrial[], known: readonly number[]): readonly string[] {
  const tasks = known.flatMap((task) => TASKS[task] ?? []);
  const texts: Record<string, Texts[]> = {};
  for (const { condition, task, seed, instruction } of group) {
    const own = TASKS[task];
    if (isForced(condition) && own !== undefined) {
      texts[instruction] = [...(texts[instruction] ?? []), forcedTexts(condition, tasks, own, seed)];
    }
  }
  if (Object.keys(texts).length === 0) {
    return [];
  }
  const file = join(folder, "forced-texts.json");
  writeFileSync(file, JSON.stringify(texts));
  return ["--forced-texts", file];
}

/** Tells after each trial how it ended, how many succeeded in its condition, and how long the rest will take. */
function progressOf(total: number, runs: readonly Trial[], tell: (words: string) => void): (trial: Trial) => void {
  const before = runs.length;
  const startedAt = performance.now();
  return (trial) => {
    const own = runs.filter(({ condition }) => condition === trial.condition);
    const good = own.filter(({ kinematic }) => kinematic).length;
    const each = (performance.now() - startedAt) / (runs.length - before);
    const left = Math.ceil((each * (total - runs.length)) / 60_000);
    tell(
      `${runs.length}/${total}  ${verdictInWords(trial)}; ${good} of ${own.length} as told ` +
        `${CONDITION_WORDS[trial.condition]}; ${left} min left; ${trial.instruction}`,
    );
  };
}
