import { elementAt, type Seconds } from "../types/units.js";
import type { Bound } from "./body.js";
import type { Cell, Placement } from "./placement.js";

// Interlocks: ML-08, ML-09, ML-10, ML-11.

/** What a step may break. */
export type BreachKind = Bound["kind"] | "cartesian-speed";

/** A bound in space that a step from one placement to the next does not keep. */
export interface Breach {
  readonly kind: BreachKind;
  /** What was found, in words. */
  readonly detail: string;
}

/** How a step is judged. */
export interface StepRule {
  /** The step moves the arm on purpose: its speed and its approach to bounds count. A stop and a hold are never late. */
  readonly moving: boolean;
  /** An arm that is outside a bound may get worse by this much, m: rounding, or the noise of a measured pose. */
  readonly slack: number;
}

/** Differences of positions in doubles are exact to 1e-15 m; a frame resolves 1e-5 m at the fingertips. */
export const ROUNDING = 1e-9;

/**
 * Everything that is wrong with a step of `period` from `last` to `next`. Inside a bound the arm has to stay inside, and
 * while it moves on purpose no bound may be nearer than it comes in the stopping time. Outside a bound it may stay or
 * come back, but not go further. Comparisons are written so that NaN is a breach.
 */
export function breaches(
  last: Placement,
  next: Placement,
  cell: Cell,
  rule: StepRule,
  period: Seconds,
): readonly Breach[] {
  const found: Breach[] = [];
  const outside = (index: number, detail: string): void => {
    for (const { kind, part } of cell.body.bounds.slice(index, index + 1)) {
      found.push({ kind, detail: `${part} ${detail}` });
    }
  };
  if (rule.moving) {
    for (let point = 0; 3 * point < next.points.length; point++) {
      const speed = speedOf(last, next, point, period);
      if (!(speed <= cell.speed + ROUNDING / period)) {
        for (const { name } of cell.body.points.slice(point, point + 1)) {
          const detail = `${name} at ${millimetres(speed)} mm/s, at most ${millimetres(cell.speed)}`;
          found.push({ kind: "cartesian-speed", detail });
        }
      }
    }
  }
  for (let index = 0; index < next.margins.length; index++) {
    const before = elementAt(last.margins, index);
    const margin = elementAt(next.margins, index);
    const approach = (before - margin) / period;
    if (!(margin >= (before < 0 ? before - rule.slack : 0))) {
      outside(index, `${millimetres(-margin)} mm beyond its bound`);
    } else if (rule.moving && approach > ROUNDING / period && !(margin >= approach * cell.stopping)) {
      outside(index, `comes ${millimetres(approach)} mm/s nearer to its bound, ${millimetres(margin)} mm away`);
    }
  }
  return found;
}

/** How fast a control point moves, m/s. */
export function speedOf(last: Placement, next: Placement, point: number, period: Seconds): number {
  const at = 3 * point;
  const dx = elementAt(next.points, at) - elementAt(last.points, at);
  const dy = elementAt(next.points, at + 1) - elementAt(last.points, at + 1);
  const dz = elementAt(next.points, at + 2) - elementAt(last.points, at + 2);
  return Math.hypot(dx, dy, dz) / period;
}

function millimetres(metres: number): string {
  return (metres * 1000).toFixed(1);
}
