import type { Instant, JointVector } from "./units.js";

/** What kind of leader arm: RealMan's own on a serial line, or a GELLO-style one on a Dynamixel bus. */
export type PuppetKind = "realman-leader" | "dynamixel-leader";

/** Which leader it is; a calibration belongs to one of them. */
export interface PuppetIdentity {
  readonly kind: PuppetKind;
  /** Serial number, or what stands for it: the USB adapter's serial, the bus's device ids. */
  readonly serial: string;
  readonly joints: number;
}

/** One reading of a leader arm, as its encoders say: no sign, offset or scale applied, whole turns kept. */
export interface PuppetSample {
  /** Grows by one with each reading that was asked for; a gap is a reading that was lost. */
  readonly seq: number;
  /** When the last byte of the reading arrived. */
  readonly at: Instant;
  /** rad, in the leader's own signs and zeros. */
  readonly angles: JointVector;
  /** The leader's handle in its own unit; calibration says what is open and closed. */
  readonly gripper: number;
  /** The button of the leader is pressed; false where it has none. */
  readonly button: boolean;
}

/** What the puppet process says to the arm process, one JSON object a line over a Unix socket. */
export type FromPuppet =
  | { readonly kind: "hello"; readonly identity: PuppetIdentity }
  | { readonly kind: "sample"; readonly sample: PuppetSample }
  /** The leader is away: no samples until the next `hello`. */
  | { readonly kind: "lost"; readonly code: string; readonly detail: string };

/** What the arm process says to a puppet process, one JSON object a line: that it takes no other. */
export interface ToPuppet {
  readonly kind: "refused";
  readonly reason: string;
}

/** How one joint of the leader becomes one of the arm: `angle = sign * scale * (raw - zero)`, rad. */
export interface PuppetJointCalibration {
  readonly sign: 1 | -1;
  /** Raw angle at which the arm's joint is zero, rad. */
  readonly zero: number;
  /** Of the arm's angle to the leader's; 1 for a leader of the arm's proportions. */
  readonly scale: number;
}

/** What `kinevla calibrate puppet` found; refused for any other leader than `puppet`. */
export interface PuppetCalibration {
  readonly puppet: PuppetIdentity;
  readonly joints: readonly PuppetJointCalibration[];
  /** Raw readings of the handle. */
  readonly gripper: { readonly closed: number; readonly open: number };
}
