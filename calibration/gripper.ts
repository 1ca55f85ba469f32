import type { Refusal } from "./hand-eye.js";

/** What a gripper reports at both ends of its stroke. */
export interface GripperRange {
  readonly closed: number;
  readonly open: number;
}

/** A gripper that closes on nothing goes farther than this between its ends. */
const LEAST_STROKE = 0.5;
/** It comes back to within a hundredth; more is a finger that slips, or something between the fingers. */
const MOST_SPREAD = 0.02;

/** The range from what was reported after several strokes, and by how much equal ends differed. */
export function solveGripper(
  closed: readonly number[],
  open: readonly number[],
): { readonly range: GripperRange; readonly spread: number } | Refusal {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const range = { closed: mean(closed), open: mean(open) };
  const spread = Math.max(...[closed, open].map((values) => Math.max(...values) - Math.min(...values)));
  if (range.open < range.closed) {
    return {
      reason: `the gripper reports ${range.open.toFixed(2)} when told to open and ${range.closed.toFixed(2)} when told to close`,
      hint: "It is wired or set up the other way round (some kinds are); set its direction in the vendor's tool.",
    };
  }
  if (!(range.open - range.closed >= LEAST_STROKE)) {
    return {
      reason: `the gripper reports ${range.closed.toFixed(2)} to ${range.open.toFixed(2)} only`,
      hint: "Take out what is between its fingers; is it powered and on the arm's tool port?",
    };
  }
  if (spread > MOST_SPREAD) {
    return {
      reason: `equal strokes of the gripper ended ${spread.toFixed(3)} apart`,
      hint: "Look for a loose finger or something soft between the fingers, then begin anew.",
    };
  }
  return { range, spread };
}
