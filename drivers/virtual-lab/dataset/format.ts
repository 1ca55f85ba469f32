import type { EpisodeStep } from "../expert/episode.js";
import { PHASES } from "../expert/expert.js";

/** Columns of `steps.f32`, in order; the first seven are the features of a bundle's manifest. */
export const COLUMNS = [
  { name: "commanded", width: 7 },
  { name: "measured", width: 7 },
  { name: "gripper-commanded", width: 1 },
  { name: "gripper-measured", width: 1 },
  { name: "since-grasp", width: 7 },
  { name: "has-grasped", width: 1 },
  { name: "gripper-recency", width: 1 },
  { name: "label", width: 40 },
  { name: "phase", width: 1 },
  { name: "time", width: 1 },
  { name: "captured-at", width: 1 },
] as const;

/** Time constant of the feature gripper-recency, s. */
const RECENCY = 0.5;

/** One row of `steps.f32`: labels are 5 x (7 joint deltas from the commanded position, rad; gripper 1 open 0 closed), instants count from the first step, s. */
export function stepRow(step: EpisodeStep): readonly number[] {
  const { commanded, graspedAt, label } = step;
  return [
    ...commanded,
    ...step.measured,
    step.gripperCommanded,
    step.gripperMeasured,
    ...commanded.map((value, joint) => (graspedAt === null ? 0 : value - (graspedAt[joint] ?? 0))),
    graspedAt === null ? 0 : 1,
    Math.exp(-step.sinceGripperCommand / RECENCY),
    ...label.flatMap((command) => [
      ...command.q.map((value, joint) => value - (commanded[joint] ?? 0)),
      command.gripper,
    ]),
    PHASES.indexOf(step.phase),
    step.time,
    step.capturedAt,
  ];
}

/** Rows as little-endian 32-bit floats. */
export function encodeRows(rows: readonly (readonly number[])[]): Uint8Array {
  const numbers = rows.flat();
  const bytes = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((value, index) => {
    bytes.setFloat32(4 * index, value, true);
  });
  return new Uint8Array(bytes.buffer);
}
