import type { Limits } from "../guard/limits.js";
import { speedOf } from "../motion/breaches.js";
import { type Cell, emptyPlacement, type Placement, place } from "../motion/placement.js";
import type { Chunk } from "../types/chunk.js";
import { elementAt, type Instant, JOINT_COUNT, type JointVector, jointAt } from "../types/units.js";

// Interlocks: ML-01, ML-08, ML-09, ML-10, ML-11, PO-05.

/** A chunk older than this part of its own length is refused: with less than a step left there is nothing to follow. */
const MOST_AGE_PART = 0.8;
/** A target may lie this far outside the soft limits (2 degrees, PO-02); motion then stops at the limit. */
const OUTSIDE = (2 * Math.PI) / 180;
/** A target may lie this far outside the cell, m (10 mm, as PO-02 for joints); motion then stops at the bound. */
const OUTSIDE_CELL = 0.01;
/** The first target may lie this far from the command (15 degrees, PO-04). */
const MOST_JUMP = (15 * Math.PI) / 180;
/** Between two targets at most this many times the permitted speed (ML-03). */
const MOST_HASTE = 3;

/** What a chunk is judged by. */
export interface ChunkContext {
  readonly now: Instant;
  readonly epoch: number;
  /** The newest chunk taken in this connection; -Infinity before the first. */
  readonly lastId: number;
  readonly commanded: JointVector;
  readonly limits: Limits;
}

/** Why a chunk may not be followed, in words; null when it may. Its numbers are known to be finite. */
export function refuseChunk(chunk: Chunk, context: ChunkContext): string | null {
  const { now, commanded, limits } = context;
  if (chunk.epoch !== context.epoch) {
    return `old-epoch: made for epoch ${chunk.epoch}, now ${context.epoch}`;
  }
  if (chunk.id <= context.lastId) {
    return `out-of-order: chunk ${chunk.id} after ${context.lastId}`;
  }
  const length = chunk.period * chunk.targets.length;
  const age = now - chunk.capturedAt;
  if (age > length * MOST_AGE_PART) {
    return `too-old: ${(age * 1000).toFixed(0)} ms since capture, at most ${(length * MOST_AGE_PART * 1000).toFixed(0)}`;
  }
  if (age < 0) {
    return "future: captured after now";
  }
  const { cell } = limits;
  const start = place(commanded, cell, emptyPlacement(cell));
  let from: { readonly q: JointVector; readonly dueAt: Instant; readonly placement: Placement } | null = null;
  for (const target of chunk.targets) {
    const outside = farthest(target.q, (angle, joint) => Math.abs(angle) - jointAt(limits.policy.highest, joint));
    if (outside.by > OUTSIDE) {
      return `outside: J${outside.joint + 1} ${degrees(outside.by)} beyond its soft limit`;
    }
    const placement = place(target.q, cell, emptyPlacement(cell));
    const beyond = outsideCell(placement, start, cell);
    if (beyond !== null) {
      return `outside: ${beyond}`;
    }
    if (from !== null) {
      const { q, dueAt } = from;
      const apart = target.dueAt - dueAt;
      if (apart < chunk.period / 2 || apart > chunk.period * 2) {
        return `uneven: targets ${(apart * 1000).toFixed(0)} ms apart in a period of ${(chunk.period * 1000).toFixed(0)}`;
      }
      const haste = farthest(target.q, (angle, joint) => {
        return Math.abs(angle - jointAt(q, joint)) / apart / jointAt(limits.policy.velocity, joint);
      });
      if (haste.by > MOST_HASTE) {
        return `too-fast: J${haste.joint + 1} at ${haste.by.toFixed(1)} times its speed limit`;
      }
      for (const [point, { name }] of cell.body.points.entries()) {
        const speed = speedOf(from.placement, placement, point, apart);
        if (speed > MOST_HASTE * cell.speed) {
          return `too-fast: ${name} at ${(speed * 1000).toFixed(0)} mm/s`;
        }
      }
    }
    from = { ...target, placement };
  }
  const first = chunk.targets.find((target) => target.dueAt > now);
  if (first === undefined) {
    return "expired: every target is past";
  }
  const jump = farthest(first.q, (angle, joint) => Math.abs(angle - jointAt(commanded, joint)));
  return jump.by > MOST_JUMP ? `too-far: J${jump.joint + 1} ${degrees(jump.by)} from the command` : null;
}

/** The bound of the cell that a target keeps least, in words; null when it keeps all. From outside it may lead back in. */
function outsideCell(target: Placement, start: Placement, cell: Cell): string | null {
  let worst = { margin: 0, what: "" };
  for (const [index, { kind, part }] of cell.body.bounds.entries()) {
    const margin = elementAt(target.margins, index);
    if (margin < Math.min(0, elementAt(start.margins, index)) - OUTSIDE_CELL && margin < worst.margin) {
      worst = { margin, what: `${part} ${(-margin * 1000).toFixed(0)} mm beyond its bound (${kind})` };
    }
  }
  return worst.margin < 0 ? worst.what : null;
}

function farthest(q: JointVector, measure: (angle: number, joint: number) => number): { by: number; joint: number } {
  let worst = { by: -Infinity, joint: 0 };
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const by = measure(jointAt(q, joint), joint);
    worst = by > worst.by ? { by, joint } : worst;
  }
  return worst;
}

function degrees(radians: number): string {
  return `${((radians * 180) / Math.PI).toFixed(1)} degrees`;
}
