import type { GripperState } from "./arm-state.js";
import type { Frame } from "./frame.js";
import type { Instant, JointPosition, Seconds } from "./units.js";

/** Everything the policy sees, as of one instant. */
export interface Observation {
  /** Capture instant of the older of the two frames. */
  readonly capturedAt: Instant;
  readonly front: Frame;
  readonly wrist: Frame;
  /** Joint position that chunks command at `capturedAt`, before limits of motion delay it; deltas count from here. */
  readonly commanded: JointPosition;
  /** Joint position measured at `capturedAt`. */
  readonly measured: JointPosition;
  readonly gripper: GripperState;
  /** Commanded joint position when the gripper was last told to close in this task; null before that. */
  readonly graspedAt: JointPosition | null;
  /** Since the gripper's command last changed in this task; Infinity before that. */
  readonly sinceGripperCommand: Seconds;
  /** Motion epoch that a chunk made from this belongs to. */
  readonly epoch: number;
}
