import type { Seconds } from "../types/units.js";
import { breaches, ROUNDING, speedOf } from "./breaches.js";
import { type HomePlan, homePosition } from "./home-plan.js";
import { type Cell, emptyPlacement, type Placement, place } from "./placement.js";

/** A way home that was checked: slowed down to the cell's speed, and what is in its way in words, null for nothing. */
export interface ClearHome {
  readonly plan: HomePlan;
  readonly blockedBy: string | null;
}

/** The way is looked at this often: at the cell's speed every 12 mm, and the guard looks at each tick besides. */
const STEP: Seconds = 0.05;

/** Peaks between two looks, and the rounding of both passes. */
const REMAINDER = 1.02;

/** Slows a plan down so that no control point is too fast, and looks along it for bounds that it does not keep. */
export function clearHome(plan: HomePlan, cell: Cell): ClearHome {
  let fastest = 0;
  alongPlan(plan, cell, (last, next) => {
    for (let point = 0; point < cell.body.points.length; point++) {
      fastest = Math.max(fastest, speedOf(last, next, point, STEP));
    }
    return true;
  });
  const slowed = { ...plan, duration: plan.duration * Math.max(1, (REMAINDER * fastest) / cell.speed) };
  let blockedBy: string | null = null;
  alongPlan(slowed, cell, (last, next, elapsed) => {
    const found = breaches(last, next, cell, { moving: true, slack: ROUNDING }, STEP)[0];
    blockedBy = found === undefined ? null : `${found.kind} after ${elapsed.toFixed(1)} s: ${found.detail}`;
    return blockedBy === null;
  });
  return { plan: slowed, blockedBy };
}

/** Calls `look` for each step of the way until it says no. */
function alongPlan(
  plan: HomePlan,
  cell: Cell,
  look: (last: Placement, next: Placement, elapsed: Seconds) => boolean,
): void {
  let last = place(plan.from, cell, emptyPlacement(cell));
  let next = emptyPlacement(cell);
  let goesOn = true;
  for (let elapsed = STEP; goesOn && elapsed < plan.duration + STEP; elapsed += STEP) {
    place(homePosition(plan, elapsed), cell, next);
    goesOn = look(last, next, elapsed);
    [last, next] = [next, last];
  }
}
