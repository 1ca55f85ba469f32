import type { MotionLimits } from "../guard/limits.js";
import { type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import { breaches, ROUNDING } from "./breaches.js";
import { type Demand, limitedStep } from "./limiter.js";
import { type MotionState, movedTo } from "./motion-state.js";
import { type Cell, emptyPlacement, place } from "./placement.js";
import { type StoppingRamp, stoppingRamp } from "./stopping-ramp.js";

// Interlocks: ML-08, ML-09, ML-10, ML-11.

/** A step inside the cell. */
export interface ClearStep {
  readonly q: JointVector;
  /** The way to rest after it, inside the cell as well; one position a period. */
  readonly braking: StoppingRamp;
  /** How much of what the joints' limits allow the cell left: 1 for all, 0 for nothing but braking. */
  readonly share: number;
}

/** What a step keeps to. */
export interface StepRules {
  readonly limits: MotionLimits;
  readonly cell: Cell;
  readonly period: Seconds;
}

/** Halvings in search of the largest share of the wished step: to an eighth. */
const ROUNDS = 3;

const RULE = { moving: true, slack: ROUNDING } as const;

/**
 * Follows a demand as `limitedStep` does, and stays inside the cell. A step is taken only if braking from its end keeps
 * every bound of the cell as well. If it does not, the largest clear share of it is taken, the rest being braking; at last
 * `braking` alone, the way to rest that belongs to `state` and was found clear when the step before was taken. So a next
 * step always exists. The bounds of the joints hold for a mixture because they hold for both and their set is convex.
 */
export function clearStep(
  state: MotionState,
  braking: StoppingRamp,
  demand: Demand,
  { limits, cell, period }: StepRules,
): ClearStep {
  const wished = limitedStep(state, demand, limits, period);
  const rest = { q: braking[0] ?? state.q, braking: braking.slice(1), share: 0 };
  const slowest = movedTo(state, rest.q, period);
  const attempt = (share: number): ClearStep | null => {
    const next = mixture(state, wished.a, slowest.a, share, period);
    const ramp = stoppingRamp(next, limits, period);
    return isClear(state.q, [next.q, ...ramp], cell, period) ? { q: next.q, braking: ramp, share } : null;
  };
  const whole = attempt(1);
  if (whole !== null) {
    return whole;
  }
  let found: ClearStep = rest;
  let [clear, blocked] = [0, 1];
  for (let round = 0; round < ROUNDS; round++) {
    const share = (clear + blocked) / 2;
    const step = attempt(share);
    if (step === null) {
      blocked = share;
    } else {
      found = step;
      clear = share;
    }
  }
  return found;
}

/** So long the acceleration of a policy fades and speed may still rise: every position counts. Later every fourth. */
const CLOSELY = 10;
const SPARSELY = 4;

/** True when a row of positions, one a period, keeps every bound of the cell from `from` to its end. */
export function isClear(from: JointVector, path: readonly JointVector[], cell: Cell, period: Seconds): boolean {
  let last = place(from, cell, emptyPlacement(cell));
  let next = emptyPlacement(cell);
  let looked = 0;
  for (const [index, q] of path.entries()) {
    const steps = index + 1 - looked;
    if (index < CLOSELY || steps === SPARSELY || index === path.length - 1) {
      place(q, cell, next);
      if (breaches(last, next, cell, RULE, steps * period).length > 0) {
        return false;
      }
      [last, next] = [next, last];
      looked = index + 1;
    }
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
