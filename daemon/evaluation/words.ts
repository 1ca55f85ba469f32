import { CONDITION_WORDS } from "./condition.js";
import type { ConditionSummary, Difference, Evaluation, Rate, Successes } from "./summarise.js";

/** An evaluation as lines for the terminal. */
export function evaluationInWords({ subject, conditions }: Evaluation): string {
  const head = `Bundle ${subject.bundle}, looks ${subject.looks}, reasoning ${subject.reasoning}`;
  return [head, ...conditions.flatMap(conditionInWords)].join("\n");
}

function conditionInWords(summary: ConditionSummary): readonly string[] {
  const { condition, tasks, all, ends, repeated, difference, bleu, chunks, latency_ms, policy_peak_mib } = summary;
  return [
    "",
    `${capitalised(CONDITION_WORDS[condition])}:`,
    ...tasks.map((task) => `  ${task.instruction}\n    ${successesInWords(task)}`),
    `  All tasks\n    ${successesInWords(all)}`,
    `  Ended: ${endsInWords(ends, repeated)}`,
    ...(difference === null ? [] : [`  ${differenceInWords(difference)}`]),
    ...(bleu === null
      ? []
      : [`  BLEU-4 of ${bleu.texts} texts: coarse ${bleu.coarse.toFixed(3)}, fine ${bleu.fine.toFixed(3)}`]),
    ...(chunks === 0 ? [] : [`  ms a chunk (p50 / p95 of ${chunks}): ${latencyInWords(latency_ms)}`]),
    ...(policy_peak_mib === null ? [] : [`  Policy process: at most ${policy_peak_mib.toFixed(0)} MiB`]),
  ];
}

/** A rate with its interval. */
export function rateInWords({ rate, interval: [low, high] }: Rate): string {
  return `${percent(rate)} (${percent(low)} to ${percent(high)})`;
}

/** How the trials ended. */
export function endsInWords(ends: ConditionSummary["ends"], repeated: number): string {
  const words = ends.map(({ end, trials }) => `${trials} ${end}`);
  const again = repeated === 0 ? [] : [`${repeated} starts repeated because the cameras stalled`];
  return [...words, ...again].join("; ");
}

/** What changed against the plain trials. */
export function differenceInWords({
  pairs,
  goal_points,
  kinematic_points,
  only_plain,
  only_changed,
}: Difference): string {
  return (
    `Against ${pairs} plain trials of the same seeds: goal ${signed(goal_points)} points, as told ${signed(kinematic_points)} ` +
    `points (${only_plain} as told only before, ${only_changed} only now)`
  );
}

function successesInWords({ trials, goal, kinematic }: Successes): string {
  return `${trials} ${trials === 1 ? "trial" : "trials"}: goal ${rateInWords(goal)}, as told ${rateInWords(kinematic)}`;
}

function latencyInWords(rows: ConditionSummary["latency_ms"]): string {
  return rows.map(({ phase, p50, p95 }) => `${phase} ${p50} / ${p95}`).join(", ");
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(0)} %`;
}

function signed(points: number): string {
  return `${points < 0 ? "" : "+"}${points.toFixed(1)}`;
}

/** With a capital letter at the beginning. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
