import { isJointVector } from "../../daemon/types/units.js";

// Interlocks: PO-01.

/** A gripper opening may lie this far outside 0 to 1 (safety.md §2.3, out-of-range output). */
const OUTSIDE = 0.05;

/**
 * What is wrong with an inference as another process sent it, in words; null when it may be used. Nothing is coerced:
 * "12", true and null are no numbers, and a chunk has exactly `horizon` steps.
 */
export function inferenceFlaw(inference: unknown, horizon: number): string | null {
  if (!isObject(inference)) {
    return "it is no object";
  }
  const { reasoning, fresh, tokens, deltas, grippers, phases } = inference;
  if (!Array.isArray(deltas) || deltas.length !== horizon) {
    return `it has ${Array.isArray(deltas) ? deltas.length : "no"} steps instead of ${horizon}`;
  }
  const step = deltas.findIndex((delta) => !isJointVector(delta));
  if (step >= 0) {
    return `step ${step + 1} is not seven finite numbers`;
  }
  if (!Array.isArray(grippers) || grippers.length !== horizon || !grippers.every(isOpening)) {
    return `its gripper openings are not ${horizon} numbers from 0 to 1`;
  }
  if (!isObject(reasoning) || typeof reasoning.coarse !== "string" || typeof reasoning.fine !== "string") {
    return "it has no texts";
  }
  if (typeof fresh !== "boolean" || !isNumber(reasoning.generatedAt)) {
    return "it does not say how old its texts are";
  }
  if (!isObject(tokens) || ![tokens.coarse, tokens.fine, tokens.probability].every(isNumbers)) {
    return "its codes are no numbers";
  }
  return isObject(phases) && Object.values(phases).every(isNumber) ? null : "its phase times are no numbers";
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every(isNumber);
}

function isOpening(value: unknown): boolean {
  return isNumber(value) && value >= -OUTSIDE && value <= 1 + OUTSIDE;
}
