import type { Inference } from "../ports/policy.js";
import type { Chunk, ChunkTarget } from "../types/chunk.js";
import type { Observation } from "../types/observation.js";
import { type Instant, jointPosition, type Seconds } from "../types/units.js";

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
 * Targets of a chunk with due instants counted from image capture; those that are not later than `now` are left out.
 * Joint deltas are added to the position commanded at capture; the gripper goes from `opening` to 0 or 1.
 */
export function toChunk(
  id: number,
  observation: Observation,
  inference: Inference,
  opening: number,
  now: Instant,
  { period, gripper }: ChunkRules,
): Chunk {
  let open = opening >= OPEN / 2;
  const targets: ChunkTarget[] = [];
  for (const [step, delta] of inference.deltas.entries()) {
    const dueAt = observation.capturedAt + (step + 1) * period;
    if (dueAt <= now) {
      continue;
    }
    const wanted = inference.grippers[step] ?? (open ? OPEN : 0);
    open = open ? wanted >= gripper.threshold - gripper.hysteresis : wanted > gripper.threshold + gripper.hysteresis;
    const q = jointPosition(observation.commanded.map((from, joint) => from + (delta[joint] ?? Number.NaN)));
    targets.push({ dueAt, q, gripper: open ? OPEN : 0 });
  }
  return { id, epoch: observation.epoch, capturedAt: observation.capturedAt, period, targets };
}
