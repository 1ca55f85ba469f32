import { isJointVector, type JointVector } from "../../daemon/types/units.js";
import { unscale } from "../bundle/check-manifest.js";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";

/** A decoded chunk in SI units, or why it is not one. */
export type DecodedChunk =
  | {
      readonly kind: "chunk";
      /** Joint deltas in rad from the commanded position of the observation, one per step. */
      readonly deltas: readonly JointVector[];
      /** Gripper openings, 0 closed to 1 open, one per step. */
      readonly grippers: readonly number[];
    }
  | Failure;

/** Turns horizon x 8 normalised values into deltas and gripper openings; refuses what is not finite or beyond the clip. */
export function unnormalise(values: Float32Array, manifest: Manifest): DecodedChunk {
  const { horizon, dimensions } = manifest.chunk;
  const { q01, q99, mask, clip } = manifest.normalisation;
  const deltas: JointVector[] = [];
  const grippers: number[] = [];
  for (let step = 0; step < horizon; step += 1) {
    const row: number[] = [];
    for (let dimension = 0; dimension < dimensions; dimension += 1) {
      const value = values[step * dimensions + dimension] ?? Number.NaN;
      if (!(Math.abs(value) <= clip)) {
        const where = `step ${step + 1}, dimension ${dimension + 1}`;
        return failure("implausible-chunk", `The decoder gave ${value} at ${where}; the clip is ${clip}`);
      }
      const low = q01[step]?.[dimension] ?? Number.NaN;
      const high = q99[step]?.[dimension] ?? Number.NaN;
      row.push(mask[dimension] === true ? unscale(value, low, high) : value);
    }
    const delta = row.slice(0, 7);
    if (!isJointVector(delta)) {
      return failure("implausible-chunk", `Step ${step + 1} has a delta that is not finite`);
    }
    deltas.push(delta);
    // The decoder approaches 0 and 1 from both sides; an opening has no meaning outside them.
    grippers.push(Math.min(1, Math.max(0, row[7] ?? Number.NaN)));
  }
  return { kind: "chunk", deltas, grippers };
}
