import type { Chunk, ChunkTarget } from "../types/chunk.js";
import { type Instant, type JointVector, jointAt, mapJoints } from "../types/units.js";
import type { Demand } from "./limiter.js";

/** Chunk targets with due instants, joined to the motion that was asked for when the newest chunk was taken. */
export interface Timeline {
  readonly anchor: { readonly at: Instant; readonly q: JointVector; readonly v: JointVector };
  /** Ascending; those before the anchor are gone. */
  readonly targets: readonly ChunkTarget[];
}

/**
 * The timeline once `chunk` was taken at `now`: targets that are due already are dropped, never caught up; from the
 * chunk's first remaining target on it replaces what was there. `from` is the motion at `now`, from which the curve
 * goes on without a jump. null when nothing of the chunk is left.
 */
export function takeChunk(timeline: Timeline | null, chunk: Chunk, now: Instant, from: Demand): Timeline | null {
  const fresh = chunk.targets.filter((target) => target.dueAt > now);
  const first = fresh[0];
  if (first === undefined) {
    return null;
  }
  const until = first.dueAt - chunk.period / 2;
  const kept = timeline?.targets.filter((target) => target.dueAt > now && target.dueAt < until) ?? [];
  return { anchor: { at: now, q: from.q, v: from.v }, targets: [...kept, ...fresh] };
}

/** True when the last target is past: nothing is left to follow. */
export function isExhausted(timeline: Timeline, at: Instant): boolean {
  const last = timeline.targets.at(-1);
  return last === undefined || at > last.dueAt;
}

/** Targets still ahead. */
export function targetsAhead(timeline: Timeline, at: Instant): number {
  return timeline.targets.filter((target) => target.dueAt > at).length;
}

/** The gripper opening of the newest target that is due, 0 closed to 1 open; null before the first. */
export function gripperDue(timeline: Timeline, at: Instant): number | null {
  const due = timeline.targets.findLast((target) => target.dueAt <= at);
  return due === undefined ? null : Math.min(Math.max(due.gripper, 0), 1);
}

/**
 * Position and velocity of the curve at an instant between anchor and last target: cubic through every target, with
 * slopes that never overshoot one (harmonic mean of the neighbouring slopes, zero at a turn; Fritsch and Butland,
 * SIAM J. Sci. Stat. Comput. 5, 1984). It comes to rest at the last target.
 */
export function demandAt(timeline: Timeline, at: Instant): Demand {
  const { anchor, targets } = timeline;
  const found = targets.findIndex((target) => target.dueAt >= at);
  const index = found < 0 ? targets.length - 1 : found;
  const end = knot(timeline, index);
  const start = knot(timeline, index - 1);
  if (end === null || start === null) {
    return { q: anchor.q, v: anchor.v };
  }
  const before = knot(timeline, index - 2);
  const after = knot(timeline, index + 1);
  const length = end.at - start.at;
  const s = Math.min(Math.max((at - start.at) / length, 0), 1);
  const slopes = (joint: number): readonly [number, number] => {
    const slope = slopeOf(start, end, joint);
    return [
      before === null ? jointAt(anchor.v, joint) : meanSlope(slopeOf(before, start, joint), slope),
      after === null ? 0 : meanSlope(slope, slopeOf(end, after, joint)),
    ];
  };
  const q = mapJoints(start.q, (q0, joint) => {
    const [v0, v1] = slopes(joint);
    const way = jointAt(end.q, joint) - q0;
    return q0 + s * (v0 * length + s * (3 * way - (2 * v0 + v1) * length + s * ((v0 + v1) * length - 2 * way)));
  });
  const v = mapJoints(start.q, (q0, joint) => {
    const [v0, v1] = slopes(joint);
    const slope = (jointAt(end.q, joint) - q0) / length;
    return v0 + s * (2 * (3 * slope - 2 * v0 - v1) + s * 3 * (v0 + v1 - 2 * slope));
  });
  return { q, v };
}

interface Knot {
  readonly at: Instant;
  readonly q: JointVector;
}

/** The anchor is knot -1. */
function knot(timeline: Timeline, index: number): Knot | null {
  if (index === -1) {
    return timeline.anchor;
  }
  const target = timeline.targets[index];
  return target === undefined ? null : { at: target.dueAt, q: target.q };
}

function slopeOf(from: Knot, to: Knot, joint: number): number {
  return (jointAt(to.q, joint) - jointAt(from.q, joint)) / (to.at - from.at);
}

function meanSlope(left: number, right: number): number {
  return left * right <= 0 ? 0 : (2 * left * right) / (left + right);
}
