import { breaches, ROUNDING } from "../motion/breaches.js";
import { type Cell, emptyPlacement, place } from "../motion/placement.js";
import type { JointVector, Seconds } from "../types/units.js";
import type { Refusal } from "./refusal.js";

// Interlocks: ML-08, ML-09, ML-10, ML-11.

/** A pose that was measured may be this much deeper outside a bound a moment later, m: noise and settling. */
const MEASURED_NOISE = 0.001;

/**
 * What the cell forbids about a setpoint `q` that comes one period after `last`; null for the first of a stream, which is
 * compared with where the arm stands. Inside a bound it stays inside. An arm that was outside before may stand still or
 * come back, never go further; so a stop is not blocked, and there is a way back in. Speed and approach are asked of what
 * `moves` on purpose. The reaction is the catalogue's hold: the arm is still inside.
 */
export function cartesianRefusals(
  q: JointVector,
  last: JointVector | null,
  measured: JointVector,
  moves: boolean,
  cell: Cell,
  period: Seconds,
): readonly Refusal[] {
  const before = place(last ?? measured, cell, emptyPlacement(cell));
  const after = place(q, cell, emptyPlacement(cell));
  const rule = last === null ? { moving: false, slack: MEASURED_NOISE } : { moving: moves, slack: ROUNDING };
  return breaches(before, after, cell, rule, period).map(({ kind, detail }) => ({
    code: kind,
    reaction: "ramp",
    detail,
  }));
}
