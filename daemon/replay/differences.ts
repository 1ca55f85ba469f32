import { quantile } from "../evaluation/quantile.js";
import type { ReplayDifferences } from "../ports/task-news.js";
import { type JointVector, jointAt, mapJoints } from "../types/units.js";
import { type Track, trackAt } from "./track.js";

const SEVEN: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** Compares where the arm is measured now with where it was then, at the same time after the start; null without a common pose. */
export function differencesOf(recorded: Track, replayed: Track): ReplayDifferences | null {
  const both = replayed.flatMap(({ after, q }) => {
    const then = trackAt(recorded, after);
    return then === null ? [] : [mapJoints(q, (angle, joint) => Math.abs(angle - jointAt(then, joint)))];
  });
  if (both.length === 0) {
    return null;
  }
  const part = (fraction: number): JointVector =>
    mapJoints(SEVEN, (_, joint) =>
      quantile(
        both.map((difference) => jointAt(difference, joint)),
        fraction,
      ),
    );
  return { poses: both.length, median: part(0.5), p99: part(0.99), most: part(1) };
}
