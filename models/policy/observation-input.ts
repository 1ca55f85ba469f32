import type { Frame } from "../../daemon/types/frame.js";
import type { Observation } from "../../daemon/types/observation.js";
import { PROPRIO_WIDTH } from "../bundle/check-manifest.js";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";

// Interlocks: PO-10.

/** A state farther from the mean of the training data than this, in standard deviations, is none of it (safety.md PO-10). */
const FARTHEST = 6;

/** Decay of `gripper-recency` (models/bundle/manifest.ts). */
const RECENCY_DECAY = 0.5;

/** The two frames as the vision graph takes them. */
export type PackedImages = { readonly kind: "images"; readonly bytes: Uint8Array } | Failure;

/** Packs front and wrist frame, already cropped and resized, into uint8 [2,S,S,3]; refuses any other size. */
export function packImages(observation: Pick<Observation, "front" | "wrist">, size: number): PackedImages {
  const bytes = new Uint8Array(2 * size * size * 3);
  const frames: readonly Frame[] = [observation.front, observation.wrist];
  for (const [index, frame] of frames.entries()) {
    if (frame.width !== size || frame.height !== size || frame.rgb.length !== size * size * 3) {
      const found = `${frame.width} x ${frame.height} with ${frame.rgb.length} bytes`;
      return failure("image-refused", `The ${frame.role} frame is ${found}; the model takes ${size} x ${size} RGB`);
    }
    bytes.set(frame.rgb, index * size * size * 3);
  }
  return { kind: "images", bytes };
}

/** The proprioceptive values that a bundle asks for, in its order, not normalised. */
export function packProprio(observation: Observation, manifest: Manifest): readonly number[] {
  const { commanded, measured, graspedAt, gripper, sinceGripperCommand } = observation;
  return manifest.proprio.features.flatMap((feature): readonly number[] => {
    switch (feature) {
      case "commanded":
        return commanded;
      case "measured":
        return measured;
      case "gripper-commanded":
        return [gripper.commanded];
      case "gripper-measured":
        return [gripper.measured];
      case "since-grasp":
        return commanded.map((angle, joint) => (graspedAt === null ? 0 : angle - (graspedAt[joint] ?? Number.NaN)));
      case "has-grasped":
        return [graspedAt === null ? 0 : 1];
      case "gripper-recency":
        return [Math.exp(-sinceGripperCommand / RECENCY_DECAY)];
    }
    return feature satisfies never;
  });
}

/** Scales raw proprioceptive values by the manifest's mean and std. */
export function normaliseProprio(raw: readonly number[], { proprio }: Manifest): Float32Array {
  return Float32Array.from(raw, (value, index) => {
    return (value - (proprio.mean[index] ?? Number.NaN)) / (proprio.std[index] ?? Number.NaN);
  });
}

/** The value of a normalised state that the policy has never seen the like of, in words; null where there is none. */
export function unfamiliar(values: Float32Array, { proprio }: Manifest): string | null {
  const place = values.findIndex((value) => !(Math.abs(value) <= FARTHEST));
  if (place < 0) {
    return null;
  }
  const names = proprio.features.flatMap((feature) =>
    Array.from({ length: PROPRIO_WIDTH[feature] }, (_, index) => `${feature} ${index + 1}`),
  );
  const deviations = Math.abs(values[place] ?? Number.NaN).toFixed(1);
  return `${names[place]} is ${deviations} standard deviations from what the policy was trained on, at most ${FARTHEST}`;
}
