import type { PuppetIdentity } from "./puppet.js";
import type { JointVector, Seconds } from "./units.js";

/**
 * What authorises the motion that a leader arm asks for. `button`: the button of the leader is the hold-to-run control, at
 * the arm process itself, so that teleoperation needs no daemon; `operator`: the hold-to-run control of whoever is in
 * control.
 */
export type TeleopEnabling = "button" | "operator";

/** How far it is to following the leader. */
export type TeleopPhase =
  /** There is none, or its readings do not arrive. */
  | "no-leader"
  /** It may not be followed at all: another one than was calibrated, a mirrored joint. */
  | "refused"
  /** Each joint has to be turned once, to see that none is mirrored. */
  | "sign-test"
  /** Its pose differs from the arm's. */
  | "misaligned"
  /** It may be followed from here. */
  | "ready"
  | "leading";

/** The leader arm as the arm process sees it. */
export interface TeleopReport {
  readonly enabling: TeleopEnabling;
  readonly leader: PuppetIdentity | null;
  readonly phase: TeleopPhase;
  /** What to do next, in words. */
  readonly detail: string;
  /** Leader less arm, rad; null without a reading. */
  readonly differences: JointVector | null;
  /** What the clutch still adds to the leader's angles, rad. */
  readonly offset: JointVector;
  /** The leader's button is pressed. */
  readonly button: boolean;
  /** Of the newest reading; null without one. */
  readonly age: Seconds | null;
  /** From a reading to the setpoint that follows it on the wire, 99 of 100; null before the first. */
  readonly latencyP99Ms: number | null;
}

/** The leader arm has taken over from something else that moved the arm. */
export interface Takeover {
  readonly at: number;
  readonly from: "policy" | "homing";
  /** Of what was taken over, and of the teleoperation. */
  readonly epochBefore: number;
  readonly epoch: number;
  /** The leader's own button, or a request of whoever is in control. */
  readonly by: "button" | "request";
}
