import type { Task } from "../../drivers/virtual-lab/scene/tasks.js";
import { corpusBleu } from "./bleu.js";
import { CONDITIONS, type Condition, isForced } from "./condition.js";
import { quantile } from "./quantile.js";
import { PHASES, type Subject, type Trial } from "./trial.js";
import { wilsonInterval } from "./wilson.js";

/** How often something succeeded, with its 95 % Wilson interval. */
export interface Rate {
  readonly rate: number;
  readonly interval: readonly [number, number];
}

/** Successes of some trials. */
export interface Successes {
  readonly trials: number;
  readonly goal: Rate;
  readonly kinematic: Rate;
}

/** Against the `plain` trials of the same tasks and seeds. */
export interface Difference {
  readonly pairs: number;
  /** Percentage points; negative where the changed trials succeed less often. */
  readonly goal_points: number;
  readonly kinematic_points: number;
  /** Pairs of which only one trial was a kinematic success. */
  readonly only_plain: number;
  readonly only_changed: number;
}

/** Time of one phase, ms. */
export interface Latency {
  readonly phase: (typeof PHASES)[number] | "model" | "all";
  readonly p50: number;
  readonly p95: number;
}

/** What came out of the trials of one condition. */
export interface ConditionSummary {
  readonly condition: Condition;
  readonly tasks: readonly (Successes & { readonly task: number; readonly instruction: string })[];
  readonly all: Successes;
  /** How the daemon says that the trials ended, and how often. */
  readonly ends: readonly { readonly end: string; readonly trials: number }[];
  /** Starts that were no trial for want of pictures. */
  readonly repeated: number;
  /** null for `plain` and without pairs. */
  readonly difference: Difference | null;
  /** Corpus BLEU-4 of the model's own texts, 0..1; null where they are forced. */
  readonly bleu: { readonly coarse: number; readonly fine: number; readonly texts: number } | null;
  /** Chunks that latencies are of. */
  readonly chunks: number;
  /** By phase; `model` without grab and hand-over, `all` with them. */
  readonly latency_ms: readonly Latency[];
  /** Largest resident size of the policy process. */
  readonly policy_peak_mib: number | null;
}

/** What an evaluation found. */
export interface Evaluation {
  readonly subject: Subject;
  readonly conditions: readonly ConditionSummary[];
  readonly runs: readonly Trial[];
}

/** Counts what the trials gave, condition by condition. */
export function summarise(subject: Subject, runs: readonly Trial[], lab: readonly Task[]): Evaluation {
  const conditions = CONDITIONS.flatMap((condition) => {
    const own = runs.filter((run) => run.condition === condition);
    return own.length === 0 ? [] : [summariseCondition(condition, own, runs, lab)];
  });
  return { subject, conditions, runs };
}

/** Rates, 0..1, by task and over all. */
export interface PlainRates {
  readonly tasks?: readonly {
    readonly instruction: string;
    readonly trials: number;
    readonly goal: number;
    readonly kinematic: number;
  }[];
  readonly goal?: number;
  readonly kinematic?: number;
}

/** The rates of the plain trials, 0..1, where a reader of the JSON looks first; empty without plain trials. */
export function plainRates({ conditions }: Evaluation): PlainRates {
  const plain = conditions.find(({ condition }) => condition === "plain");
  if (plain === undefined) {
    return {};
  }
  return {
    tasks: plain.tasks.map(({ instruction, trials, goal, kinematic }) => ({
      ...{ instruction, trials, goal: goal.rate, kinematic: kinematic.rate },
    })),
    goal: plain.all.goal.rate,
    kinematic: plain.all.kinematic.rate,
  };
}

function summariseCondition(
  condition: Condition,
  own: readonly Trial[],
  runs: readonly Trial[],
  lab: readonly Task[],
): ConditionSummary {
  const numbers = [...new Set(own.map(({ task }) => task))].sort((a, b) => a - b);
  const peaks = own.flatMap(({ policyPeakMib }) => (policyPeakMib === null ? [] : [policyPeakMib]));
  return {
    condition,
    tasks: numbers.map((task) => ({
      task,
      instruction: lab[task]?.instruction ?? "",
      ...successes(own.filter((run) => run.task === task)),
    })),
    all: successes(own),
    ends: [...new Set(own.map(({ end }) => end))].map((end) => ({
      end,
      trials: own.filter((run) => run.end === end).length,
    })),
    repeated: own.reduce((sum, { attempts }) => sum + attempts - 1, 0),
    difference:
      condition === "plain"
        ? null
        : differenceTo(
            runs.filter((run) => run.condition === "plain"),
            own,
          ),
    bleu: isForced(condition) ? null : bleuOf(own, lab),
    ...latencyOf(own.flatMap(({ latencies }) => latencies)),
    policy_peak_mib: peaks.length === 0 ? null : Math.max(...peaks),
  };
}

function successes(runs: readonly Trial[]): Successes {
  const rate = (key: "goal" | "kinematic"): Rate => {
    const good = runs.filter((run) => run[key]).length;
    return { rate: good / runs.length, interval: wilsonInterval(good, runs.length) };
  };
  return { trials: runs.length, goal: rate("goal"), kinematic: rate("kinematic") };
}

function differenceTo(plain: readonly Trial[], changed: readonly Trial[]): Difference | null {
  const pairs = changed.flatMap((trial) => {
    const partner = plain.find(({ task, seed }) => task === trial.task && seed === trial.seed);
    return partner === undefined ? [] : [[partner, trial] as const];
  });
  if (pairs.length === 0) {
    return null;
  }
  const points = (key: "goal" | "kinematic"): number =>
    (100 * pairs.reduce((sum, [before, after]) => sum + Number(after[key]) - Number(before[key]), 0)) / pairs.length;
  return {
    pairs: pairs.length,
    goal_points: points("goal"),
    kinematic_points: points("kinematic"),
    only_plain: pairs.filter(([before, after]) => before.kinematic && !after.kinematic).length,
    only_changed: pairs.filter(([before, after]) => !before.kinematic && after.kinematic).length,
  };
}

function bleuOf(runs: readonly Trial[], lab: readonly Task[]): ConditionSummary["bleu"] {
  const score = (level: "coarse" | "fine"): number =>
    corpusBleu(
      runs.flatMap(({ task, texts }) =>
        texts.map((text) => ({ made: text[level], truth: lab[task]?.[level] ?? "", times: text.times })),
      ),
    );
  const texts = runs.flatMap((run) => run.texts).reduce((sum, { times }) => sum + times, 0);
  return texts === 0 ? null : { coarse: score("coarse"), fine: score("fine"), texts };
}

const MODEL = PHASES.filter((phase) => phase !== "grab" && phase !== "handOver");

function latencyOf(chunks: readonly (readonly number[])[]): Pick<ConditionSummary, "chunks" | "latency_ms"> {
  const sum = (phases: readonly string[]): readonly number[] =>
    chunks.map((times) =>
      PHASES.reduce((total, phase, place) => total + (phases.includes(phase) ? (times[place] ?? 0) : 0), 0),
    );
  const row = (phase: Latency["phase"], phases: readonly string[]): Latency => {
    const times = sum(phases);
    return { phase, p50: rounded(quantile(times, 0.5)), p95: rounded(quantile(times, 0.95)) };
  };
  const rows = [...PHASES.map((phase) => row(phase, [phase])), row("model", MODEL), row("all", PHASES)];
  return { chunks: chunks.length, latency_ms: chunks.length === 0 ? [] : rows };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
