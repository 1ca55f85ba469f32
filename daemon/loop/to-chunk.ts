import type { Inference } from "../ports/policy.js";
import type { Chunk, ChunkTarget } from "../types/chunk.js";
import type { Observation } from "../types/observation.js";
import { jointPosition, type Seconds } from "../types/units.js";

/** How a chunk becomes targets; values of the bundle's manifest. */
export interface ChunkRules {
  /** Between two steps. */
  readonly period: Seconds;
  /** A gripper changes its mind only this far from the threshold. */
  readonly gripper: { readonly threshold: number; readonly hysteresis: number };
}

/** Opening of a gripper that is commanded open; closed is 0. */
const OPEN = 1;

/**
 * All targets of a chunk, with due instants counted from image capture; who follows it drops those that have passed.
 * Joint deltas are added to the position commanded at capture; the gripper goes from `opening` to 0 or 1.
 */
export function toChunk(
  id: number,
  observation: Observation,
  inference: Inference,
  opening: number,
  { period, gripper }: ChunkRules,
): Chunk {
  let open = opening >= OPEN / 2;
  const targets = inference.deltas.map((delta, step): ChunkTarget => {
    const wanted = inference.grippers[step] ?? Number(open);
    open = open ? wanted >= gripper.threshold - gripper.hysteresis : wanted > gripper.threshold + gripper.hysteresis;
    return {
      dueAt: observation.capturedAt + (step + 1) * period,
      q: jointPosition(observation.commanded.map((from, joint) => from + (delta[joint] ?? Number.NaN))),
      gripper: open ? OPEN : 0,
    };
  });
  return { id, epoch: observation.epoch, capturedAt: observation.capturedAt, period, targets };
}
