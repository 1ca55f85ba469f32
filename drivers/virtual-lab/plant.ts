import type { Instant, JointPosition } from "../../daemon/types/units.js";

/** What the virtual controller needs of the virtual world; the world runs in a process of its own. */
export interface Plant {
  /** Sets the position targets of the seven joint drives, rad. */
  setTargets(q: JointPosition): void;
  /** Sets the gripper's target opening (0 closed to 1 open) and grip force in newton. */
  setGripper(opening: number, force: number): void;
  /** The newest measurement that has arrived from the world. */
  measured(): PlantState;
}

/** One measurement of the virtual world. */
export interface PlantState {
  readonly at: Instant;
  readonly q: JointPosition;
  /** Motor torque of each joint, N m. */
  readonly torque: readonly number[];
  /** Opening 0 closed to 1 open, as far as the fingers really are. */
  readonly gripperOpening: number;
}
