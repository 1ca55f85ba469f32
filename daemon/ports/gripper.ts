import type { GripperHealth, GripperState } from "../types/arm-state.js";

/** A parallel gripper on a connection of its own. */
export interface Gripper {
  /** Tells the gripper an opening, 0 closed to 1 open; sent only when it differs from the last one. */
  command(opening: number): void;
  /** The newest known state. */
  state(): GripperState;
  /** What may be wrong with it. */
  health(): GripperHealth;
  close(): Promise<void>;
}
