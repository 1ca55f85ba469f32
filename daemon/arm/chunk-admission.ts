import { speedOf } from "../motion/breaches.js";
import { emptyPlacement, type Placement, place } from "../motion/placement.js";
import type { Chunk } from "../types/chunk.js";
import { elementAt, type Instant, JOINT_COUNT, type JointVector, jointAt } from "../types/units.js";
import type { ChunkRefusalCode } from "../watch/refusal-run.js";
import type { ArmLimits } from "../watch/watch-limits.js";

// Interlocks: ML-01, ML-03, ML-08, ML-09, ML-10, ML-11, PO-02, PO-03, PO-04, PO-05.

/** Why a chunk is not followed, in words. */
export interface ChunkRefusal {
  readonly code: ChunkRefusalCode;
  readonly detail: string;
}

/** What a chunk is judged by. */
export interface ChunkContext {
  readonly now: Instant;
  readonly epoch: number;
  /** The newest chunk taken in this connection; -Infinity before the first. */
  readonly lastId: number;
  readonly commanded: JointVector;
  /** The first that the policy is followed by: there is no motion yet that it could go on with. */
  readonly first: boolean;
  readonly limits: ArmLimits;
}

/** Why a chunk may not be followed; null when it may. Its numbers are known to be finite. */
export function refuseChunk(chunk: Chunk, context: ChunkContext): ChunkRefusal | null {
  const { now, commanded, limits } = context;
  const { chunks } = limits;
  if (chunk.epoch !== context.epoch) {
    return refusal("old-epoch", `made for epoch ${chunk.epoch}, now ${context.epoch}`);
  }
  if (chunk.id <= context.lastId) {
    return refusal("out-of-order", `chunk ${chunk.id} after ${context.lastId}`);
  }
  const length = chunk.period * chunk.targets.length;
  const age = now - chunk.capturedAt;
  if (age > length * chunks.age) {
    return refusal(
      "too-old",
      `${(age * 1000).toFixed(0)} ms since capture, at most ${(length * chunks.age * 1000).toFixed(0)}`,
    );
  }
  if (age < 0) {
    return refusal("future", "captured after now");
  }
  const { cell } = limits;
  const start = place(commanded, cell, emptyPlacement(cell));
  let from: { readonly q: JointVector; readonly dueAt: Instant; readonly placement: Placement } | null = null;
  for (const target of chunk.targets) {
    const outside = farthest(target.q, (angle, joint) => Math.abs(angle) - jointAt(limits.policy.highest, joint));
    if (outside.by > chunks.outside) {
      return refusal("outside", `J${outside.joint + 1} ${degrees(outside.by)} beyond its soft limit`);
    }
    const placement = place(target.q, cell, emptyPlacement(cell));
    const beyond = outsideCell(placement, start, limits);
    if (beyond !== null) {
      return refusal("outside", beyond);
    }
    if (from !== null) {
      const { q, dueAt } = from;
      const apart = target.dueAt - dueAt;
      if (apart < chunk.period / 2 || apart > chunk.period * 2) {
        return refusal(
          "uneven",
          `targets ${(apart * 1000).toFixed(0)} ms apart in a period of ${(chunk.period * 1000).toFixed(0)}`,
        );
      }
      const haste = farthest(target.q, (angle, joint) => {
        return Math.abs(angle - jointAt(q, joint)) / apart / jointAt(limits.policy.velocity, joint);
      });
      if (haste.by > chunks.haste) {
        return refusal("too-fast", `J${haste.joint + 1} at ${haste.by.toFixed(1)} times its speed limit`);
      }
      for (const [point, { name }] of cell.body.points.entries()) {
        const speed = speedOf(from.placement, placement, point, apart);
        if (speed > chunks.haste * cell.speed) {
          return refusal("too-fast", `${name} at ${(speed * 1000).toFixed(0)} mm/s`);
        }
      }
    }
    from = { ...target, placement };
  }
  const next = chunk.targets.find((target) => target.dueAt > now);
  if (next === undefined) {
    return refusal("expired", "every target is past");
  }
  const jump = farthest(next.q, (angle, joint) => Math.abs(angle - jointAt(commanded, joint)));
  return jump.by > (context.first ? chunks.firstJump : chunks.jump)
    ? refusal("too-far", `J${jump.joint + 1} ${degrees(jump.by)} from the command`)
    : null;
}

/** The bound of the cell that a target keeps least, in words; null when it keeps all. From outside it may lead back in. */
function outsideCell(target: Placement, start: Placement, { cell, chunks }: ArmLimits): string | null {
  let worst = { margin: 0, what: "" };
  for (const [index, { kind, part }] of cell.body.bounds.entries()) {
    const margin = elementAt(target.margins, index);
    if (margin < Math.min(0, elementAt(start.margins, index)) - chunks.outsideCell && margin < worst.margin) {
      worst = { margin, what: `${part} ${(-margin * 1000).toFixed(0)} mm beyond its bound (${kind})` };
    }
  }
  return worst.margin < 0 ? worst.what : null;
}

function refusal(code: ChunkRefusalCode, detail: string): ChunkRefusal {
  return { code, detail };
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
