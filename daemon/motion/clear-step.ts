import type { MotionLimits } from "../guard/limits.js";
import { type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import { breaches, ROUNDING } from "./breaches.js";
import { type Demand, limitedStep } from "./limiter.js";
import { type MotionState, movedTo } from "./motion-state.js";
import { type Cell, emptyPlacement, place } from "./placement.js";
import { type StoppingRamp, stoppingRamp } from "./stopping-ramp.js";

/** A step inside the cell. */
export interface ClearStep {
  readonly q: JointVector;
  /** The way to rest after it, inside the cell as well; one position a period. */
  readonly braking: StoppingRamp;
}

/** What a step keeps to. */
export interface StepRules {
  readonly limits: MotionLimits;
  readonly cell: Cell;
  readonly period: Seconds;
}

/** How much of the wished step is tried, the whole first; what is left is braking. */
const SHARES = [1, 0.5, 0.25] as const;

const RULE = { moving: true, slack: ROUNDING } as const;

/**
 * Follows a demand as `limitedStep` does, and stays inside the cell. A step is taken only if braking from its end keeps
 * every bound of the cell as well; if it does not, a mixture of it and braking is tried, and at last `braking`, the way to
 * rest that belongs to `state` and was found clear when the step before was taken. So a next step always exists. The
 * bounds of the joints hold for a mixture because they hold for both and their set is convex.
 */
export function clearStep(
  state: MotionState,
  braking: StoppingRamp,
  demand: Demand,
  { limits, cell, period }: StepRules,
): ClearStep {
  const rest = { q: braking[0] ?? state.q, braking: braking.slice(1) };
  const wished = limitedStep(state, demand, limits, period);
  const slowest = movedTo(state, rest.q, period);
  for (const share of SHARES) {
    const next = mixture(state, wished.a, slowest.a, share, period);
    const ramp = stoppingRamp(next, limits, period);
    if (isClear(state.q, [next.q, ...ramp], cell, period)) {
      return { q: next.q, braking: ramp };
    }
  }
  return rest;
}

/** True when a row of positions, one a period, keeps every bound of the cell from `from` on. */
export function isClear(from: JointVector, path: readonly JointVector[], cell: Cell, period: Seconds): boolean {
  let last = place(from, cell, emptyPlacement(cell));
  let next = emptyPlacement(cell);
  for (const q of path) {
    place(q, cell, next);
    if (breaches(last, next, cell, RULE, period).length > 0) {
      return false;
    }
    [last, next] = [next, last];
  }
  return true;
}

function mixture(
  state: MotionState,
  wished: JointVector,
  slowest: JointVector,
  share: number,
  period: Seconds,
): MotionState {
  const a = mapJoints(wished, (value, joint) => share * value + (1 - share) * jointAt(slowest, joint));
  const v = mapJoints(state.v, (value, joint) => value + jointAt(a, joint) * period);
  return { q: mapJoints(state.q, (value, joint) => value + jointAt(v, joint) * period), v, a };
}
