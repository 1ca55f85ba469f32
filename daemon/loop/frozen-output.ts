import type { ActionTokens } from "../types/chunk.js";

// Interlocks: PO-08.

/** Chunks in a row that are the very same while the pictures change: a model that no longer looks (safety.md PO-08). */
export const FROZEN_CHUNKS = 3;

/** How many outputs in a row are the same to the last bit of each probability, this one included. */
export function sameRun(run: number, before: ActionTokens | null, now: ActionTokens): number {
  return before !== null && sameOutput(before, now) ? run + 1 : 1;
}

/** The same codes come again while the arm goes straight on or stands; their probabilities never do. */
function sameOutput(one: ActionTokens, other: ActionTokens): boolean {
  return (
    one.probability.length > 0 &&
    equal(one.coarse, other.coarse) &&
    equal(one.fine, other.fine) &&
    equal(one.probability, other.probability)
  );
}

function equal(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
