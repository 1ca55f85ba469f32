import { CARROT } from "./meshes.js";
import { longAxis, type ObjectPose } from "./object-pose.js";
import { dot, scale, subtract, type Vector3 } from "./vector.js";

/** What a trial remembers of how the carrot was held; its end does not show it. */
export interface GripMemory {
  /** Where it was gripped when it was last lifted: m from its middle towards its upper end; null before that. */
  readonly along: number | null;
  readonly aloft: boolean;
}

/** Before the carrot is lifted for the first time. */
export const NO_GRIP: GripMemory = { along: null, aloft: false };

/** The carrot's middle is never this high while table or plate bear it, m: on the rim it is 0.03. */
const ALOFT = 0.05;
/** Fingers that are open wider hold nothing: the carrot is at most 34 mm thick, the opening 74 mm. */
const HOLDING_OPENING = 0.85;

/** Objects that fingers can hold. */
export const HOLDABLE = ["bread", "carrot"] as const;

/** Half of the length of the axis along which an object can be held, m. */
const HOLDABLE_HALF = { bread: 0, carrot: CARROT.length / 2 } as const;
/** An object whose axis is farther than this from between the fingertips is not held, m. */
const HELD_WITHIN = 0.035;

/** True when the point between the fingertips is at an object. */
export function isAt(name: (typeof HOLDABLE)[number], pose: ObjectPose, tip: Vector3): boolean {
  const way = subtract(tip, pose.position);
  const axis = longAxis(pose);
  const along = Math.min(HOLDABLE_HALF[name], Math.max(-HOLDABLE_HALF[name], dot(way, axis)));
  return Math.hypot(...subtract(way, scale(axis, along))) < HELD_WITHIN;
}

/** Takes in one look at the carrot and at the point between the fingertips; the grip counts when the carrot leaves. */
export function watchGrip(before: GripMemory, carrot: ObjectPose, tip: Vector3, gripperOpening: number): GripMemory {
  const aloft = carrot.position[2] > ALOFT && gripperOpening < HOLDING_OPENING;
  const leaves = aloft && !before.aloft;
  return { along: leaves ? dot(subtract(tip, carrot.position), longAxis(carrot)) : before.along, aloft };
}
