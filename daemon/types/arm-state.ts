import type { Instant, JointPosition } from "./units.js";

/** What the arm itself reported, once a push period. */
export interface ArmState {
  /** When the report arrived; the vendor's push carries no time of its own. */
  readonly receivedAt: Instant;
  readonly measured: JointPosition;
  /** The arm's own words, for example `idle` or `move_through_joint`. */
  readonly status: string;
  /** Non-zero system error codes; empty when the arm reports none. */
  readonly systemErrors: readonly number[];
  /** Error bits of each joint, J1 to J7; 0 is none. */
  readonly jointErrors: readonly number[];
  /** Whether each joint is enabled, J1 to J7. */
  readonly jointEnabled: readonly boolean[];
}

/** Gripper as commanded and as measured; openings run from 0 (closed) to 1 (open). */
export interface GripperState {
  readonly commanded: number;
  /** Last known opening; the commanded one until the gripper has reported. */
  readonly measured: number;
  readonly receivedAt: Instant;
}

/** Who the connected arm is, read back before motion is possible. */
export interface ArmIdentity {
  readonly model: string;
  readonly generation: number;
  readonly firmware: string;
  readonly jointCount: number;
  /** rad */
  readonly minimum: JointPosition;
  /** rad */
  readonly maximum: JointPosition;
  /** rad/s, J1 to J7 */
  readonly maximumSpeed: readonly number[];
}
