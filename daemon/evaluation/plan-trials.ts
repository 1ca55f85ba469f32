import type { Task } from "../../drivers/virtual-lab/scene/tasks.js";
import { type Condition, isForced } from "./condition.js";
import type { PlannedTrial } from "./trial.js";

/** Which trials. */
export interface TrialPlan {
  /** Of each task in each condition. */
  readonly trials: number;
  /** Of the first trial; trial n of every task in every condition uses `seed + n`. */
  readonly seed: number;
  /** Places in the lab's list. */
  readonly tasks: readonly number[];
  readonly conditions: readonly Condition[];
}

/** Trials that share one running system, in order: conditions that force texts have a system each, the others one. */
export function planTrials(plan: TrialPlan, lab: readonly Task[]): readonly (readonly PlannedTrial[])[] {
  const free = plan.conditions.filter((condition) => !isForced(condition));
  const groups = [free, ...plan.conditions.filter(isForced).map((condition) => [condition])];
  return groups.map((conditions) =>
    Array.from({ length: plan.trials }, (_, number) => number).flatMap((number) =>
      plan.tasks.flatMap((task) =>
        conditions.map((condition) => ({
          ...{ condition, task, seed: plan.seed + number },
          instruction: wording(lab[task], condition, number),
        })),
      ),
    ),
  );
}

function wording(task: Task | undefined, condition: Condition, number: number): string {
  const instruction = task?.instruction ?? "";
  const unseen = task?.unseen ?? [];
  return condition === "unseen" ? (unseen[number % unseen.length] ?? instruction) : instruction;
}
