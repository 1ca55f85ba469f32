import { type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";

/** Where the joints are, rad, so long after the first setpoint of a motion. */
export interface TrackPoint {
  readonly after: Seconds;
  readonly q: JointVector;
}

/** Ascending in time. */
export type Track = readonly TrackPoint[];

/** Farther apart than this, two points say nothing of what was between: a stream starts anew after such a pause (HO-04). */
export const MOST_GAP: Seconds = 0.1;

/** The track at an instant, straight between its points; null before its beginning, after its end and in a gap. */
export function trackAt(track: Track, after: Seconds): JointVector | null {
  const index = firstFrom(track, after);
  const next = track[index];
  if (next === undefined || next.after === after) {
    return next?.q ?? null;
  }
  const before = track[index - 1];
  if (before === undefined || next.after - before.after > MOST_GAP) {
    return null;
  }
  const part = (after - before.after) / (next.after - before.after);
  return mapJoints(before.q, (angle, joint) => angle + part * (jointAt(next.q, joint) - angle));
}

/** Index of the first element that is at `after` or later; the length where none is. */
export function firstFrom(row: readonly { readonly after: Seconds }[], after: Seconds): number {
  let [low, high] = [0, row.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((row[middle]?.after ?? Infinity) < after) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
