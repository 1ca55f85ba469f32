import type { Seconds } from "../types/units.js";
import type { AlignedStep } from "./align.js";

/** What counts as standing idle. */
export interface IdleLimits {
  /** A shorter rest is kept: the arm also rests while the gripper closes. 0 removes nothing. */
  readonly duration: Seconds;
  /** No joint leaves the place where the rest began by more than this, rad. */
  readonly motion: number;
  /** The gripper's measured opening changes by no more than this. */
  readonly gripper: number;
}

function rests(from: AlignedStep, step: AlignedStep, limits: IdleLimits): boolean {
  const still = step.commanded.every((angle, joint) => Math.abs(angle - (from.commanded[joint] ?? 0)) <= limits.motion);
  return (
    still && step.gripperCommanded === from.gripperCommanded && Math.abs(step.gripper - from.gripper) <= limits.gripper
  );
}

/**
 * Removes the steps of every rest of at least `duration` but its first, as the paper removes idle segments
 * (appendix A). What is commanded before and after differs by `motion` at most, so nothing jumps.
 */
export function removeIdle(steps: readonly AlignedStep[], fps: number, limits: IdleLimits): readonly AlignedStep[] {
  const kept: AlignedStep[] = [];
  let begin = 0;
  while (begin < steps.length) {
    const from = steps[begin];
    if (from === undefined) {
      break;
    }
    let end = begin + 1;
    for (let next = steps[end]; next !== undefined && rests(from, next, limits); next = steps[end]) {
      end += 1;
    }
    const idle = limits.duration > 0 && (end - begin) / fps >= limits.duration;
    // A rest that is too short is looked at anew from its second step: a longer one may begin there.
    kept.push(from);
    begin = idle ? end : begin + 1;
  }
  return kept;
}
