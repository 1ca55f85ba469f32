import type { JointVector } from "../types/units.js";

/** When a task counts as finished by the policy's own account; values of the bundle's manifest. */
export interface CompletionRules {
  /** Chunks in a row that ask for no motion once the gripper has closed and opened again. */
  readonly stillChunks: number;
  /** Largest joint delta in rad that still counts as no motion. */
  readonly stillness: number;
}

/** How many chunks in a row asked for no motion, this one included; 0 before the gripper has let go. */
export function stillRun(
  before: number,
  released: boolean,
  deltas: readonly JointVector[],
  { stillness }: CompletionRules,
): number {
  const still = deltas.every((delta) => delta.every((angle) => Math.abs(angle) <= stillness));
  return released && still ? before + 1 : 0;
}
