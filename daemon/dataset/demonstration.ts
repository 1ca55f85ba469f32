import type { CameraRole } from "../types/frame.js";
import type { Instant, JointPosition } from "../types/units.js";

/** One recorded picture of a camera, as the camera gave it. */
export interface RecordedPicture {
  readonly at: Instant;
  readonly jpeg: Uint8Array;
}

/** What the arm measured at one instant. */
export interface RecordedState {
  readonly at: Instant;
  readonly measured: JointPosition;
  /** 0 closed to 1 open. */
  readonly gripper: number;
}

/** One setpoint as the guard permitted it. */
export interface RecordedCommand {
  readonly at: Instant;
  readonly commanded: JointPosition;
}

/** The gripper was told to open or close. */
export interface RecordedGripperCommand {
  readonly at: Instant;
  /** 0 closed to 1 open. */
  readonly opening: number;
}

/** What was understood, from one instant on. */
export interface RecordedTexts {
  readonly at: Instant;
  readonly coarse: string;
  readonly fine: string;
}

/** A stretch of an episode in which a person drove the arm in place of the policy. */
export interface RecordedIntervention {
  readonly from: Instant;
  readonly to: Instant;
}

/** One recorded episode in the nouns of this project; every list is in the order of its instants. */
export interface Demonstration {
  /** Where it was read from, for words to people. */
  readonly file: string;
  readonly instruction: string;
  /** What the operator judged: null where nobody said. */
  readonly success: boolean | null;
  /** Who drove: a person from beginning to end, or the policy (with or without corrections). */
  readonly driver: "person" | "policy";
  readonly pictures: Readonly<Record<CameraRole, readonly RecordedPicture[]>>;
  readonly states: readonly RecordedState[];
  readonly commands: readonly RecordedCommand[];
  readonly gripperCommands: readonly RecordedGripperCommand[];
  readonly texts: readonly RecordedTexts[];
  readonly interventions: readonly RecordedIntervention[];
}
