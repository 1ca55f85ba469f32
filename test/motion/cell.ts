import { bodyWith } from "../../daemon/motion/body.js";
import type { Cell } from "../../daemon/motion/placement.js";

/** A hand and a cell for tests: numbers as round as may be, nothing of the shipped limits. */
export const CELL: Cell = {
  body: bodyWith({
    fingertips: [
      [0.01, 0.05, 0.15],
      [0.01, -0.05, 0.15],
      [-0.01, 0.05, 0.15],
      [-0.01, -0.05, 0.15],
    ],
    capsules: [
      { name: "gripper", from: [0, -0.02, 0.05], to: [0, 0.02, 0.05], radius: 0.05, overTable: true },
      { name: "fingers", from: [0, -0.035, 0.12], to: [0, 0.035, 0.12], radius: 0.035, overTable: false },
    ],
  }),
  speed: 0.25,
  stopping: 0.15,
  box: { lowest: [-0.2, -0.6, 0], highest: [0.7, 0.6, 0.9] },
  table: { height: 0, fingertips: 0.005, housings: 0.04, plane: null },
  clearance: 0.02,
};
