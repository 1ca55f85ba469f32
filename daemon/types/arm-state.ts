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
  /** null on a link that does not carry it. */
  readonly health: ArmHealth | null;
  readonly link: LinkHealth;
}

/** What the arm measures in itself, J1 to J7; NaN for what is missing or is no number. */
export interface ArmHealth {
  /** Degrees Celsius. */
  readonly temperature: readonly number[];
  /** V */
  readonly voltage: readonly number[];
  /** A */
  readonly current: readonly number[];
  /** Of the controller, degrees Celsius; null while it has not said. */
  readonly controllerTemperature: number | null;
}

/** How the link to the arm is doing. */
export interface LinkHealth {
  /** Datagrams since the link was opened that were not the arm's, or none of its reports. */
  readonly unbelieved: number;
  /** Since when a question to the arm waits for its answer; Infinity for none. */
  readonly waitingSince: Instant;
  /** What came on the arm's connections since the link was opened: lines that were no messages, */
  readonly garbled: number;
  /** setpoints that it said it does not take, */
  readonly refused: number;
  /** and answers to questions that were not open. */
  readonly unasked: number;
  /** What the arm reads back other than it must since the link was opened, in words; null for nothing. */
  readonly changed: string | null;
  /**
   * When the arm was asked last how sensitive its own detection of collisions is, and it was enough; Infinity where that is
   * not asked again (a serial line, on which nothing moves).
   */
  readonly collisionReadAt: Instant;
  /** What the controller counts with at its flange other than the configuration says, in words; null for nothing. */
  readonly tool: string | null;
  /** That the controller has restarted since an earlier link to it, in words; null for nothing. */
  readonly restarted: string | null;
}

/** Stands for a link of which nothing is known. */
export const QUIET_LINK: LinkHealth = {
  ...{ unbelieved: 0, waitingSince: Infinity, garbled: 0, refused: 0, unasked: 0 },
  changed: null,
  collisionReadAt: Infinity,
  tool: null,
  restarted: null,
};

/** Gripper as commanded and as measured; openings run from 0 (closed) to 1 (open). */
export interface GripperState {
  readonly commanded: number;
  /** Last known opening; the commanded one until the gripper has reported. */
  readonly measured: number;
  readonly receivedAt: Instant;
}

/** How the gripper is doing; openings as in `GripperState`. */
export interface GripperHealth {
  /** null while it has not reported. */
  readonly online: boolean | null;
  /** Bits: 0 stalled, 1 overheated, 2 over-current, 3 driver, 4 internal communication. */
  readonly errors: number;
  readonly commanded: number;
  readonly measured: number;
  /** Since when a command waits for its confirmation; Infinity for none. */
  readonly unansweredSince: Instant;
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
