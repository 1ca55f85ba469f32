/**
 * What is changed about a trial; the task, the table and the pictures are the same in all of them. `plain` nothing;
 * `unseen` the instruction in words that no training data hold; `random` and `mismatched` the texts of both levels
 * forced: words drawn at random, or the texts of another instruction with the same goal.
 */
export const CONDITIONS = ["plain", "unseen", "random", "mismatched"] as const;

/** One of them. */
export type Condition = (typeof CONDITIONS)[number];

/** Conditions in which the model does not write its texts itself. */
export const FORCED = ["random", "mismatched"] as const satisfies readonly Condition[];

/** One of those. */
export type ForcedCondition = (typeof FORCED)[number];

/** A condition in words. */
export const CONDITION_WORDS: Readonly<Record<Condition, string>> = {
  plain: "as trained",
  unseen: "in words that it was not trained on",
  random: "with texts of random words forced",
  mismatched: "with the texts of another instruction forced",
};

/** True where texts are forced. */
export function isForced(condition: Condition): condition is ForcedCondition {
  return condition === "random" || condition === "mismatched";
}
