import { POLICY_LIMITS } from "../guard/limits.js";
import type { Chunk } from "../types/chunk.js";
import { type Instant, JOINT_COUNT, type JointVector, jointAt } from "../types/units.js";

/** A chunk older than this part of its own length is refused: with less than a step left there is nothing to follow. */
const MOST_AGE_PART = 0.8;
/** A target may lie this far outside the soft limits (2 degrees, PO-02); motion then stops at the limit. */
const OUTSIDE = (2 * Math.PI) / 180;
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
}

/** Why a chunk may not be followed, in words; null when it may. Its numbers are known to be finite. */
export function refuseChunk(chunk: Chunk, context: ChunkContext): string | null {
  const { now, commanded } = context;
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
  let from: { readonly q: JointVector; readonly dueAt: Instant } | null = null;
  for (const target of chunk.targets) {
    const outside = farthest(target.q, (angle, joint) => Math.abs(angle) - jointAt(POLICY_LIMITS.highest, joint));
    if (outside.by > OUTSIDE) {
      return `outside: J${outside.joint + 1} ${degrees(outside.by)} beyond its soft limit`;
    }
    if (from !== null) {
      const { q, dueAt } = from;
      const apart = target.dueAt - dueAt;
      if (apart < chunk.period / 2 || apart > chunk.period * 2) {
        return `uneven: targets ${(apart * 1000).toFixed(0)} ms apart in a period of ${(chunk.period * 1000).toFixed(0)}`;
      }
      const haste = farthest(target.q, (angle, joint) => {
        return Math.abs(angle - jointAt(q, joint)) / apart / jointAt(POLICY_LIMITS.velocity, joint);
      });
      if (haste.by > MOST_HASTE) {
        return `too-fast: J${haste.joint + 1} at ${haste.by.toFixed(1)} times its speed limit`;
      }
    }
    from = target;
  }
  const first = chunk.targets.find((target) => target.dueAt > now);
  if (first === undefined) {
    return "expired: every target is past";
  }
  const jump = farthest(first.q, (angle, joint) => Math.abs(angle - jointAt(commanded, joint)));
  return jump.by > MOST_JUMP ? `too-far: J${jump.joint + 1} ${degrees(jump.by)} from the command` : null;
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
