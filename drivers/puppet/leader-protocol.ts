import type { DriverErrorCode } from "../../daemon/types/driver-error.js";
import type { PuppetKind } from "../../daemon/types/puppet.js";
import type { JointVector } from "../../daemon/types/units.js";

/** What a leader's encoders said, once. */
export interface LeaderReading {
  readonly angles: JointVector;
  readonly gripper: number;
  readonly button: boolean;
}

/** Who answered, or why it may not be read. */
export type LeaderVerdict =
  | { readonly kind: "right"; readonly ids: string }
  | { readonly kind: "wrong"; readonly code: DriverErrorCode; readonly detail: string };

/** The bytes of one kind of leader; no port, no clock. */
export interface LeaderProtocol {
  readonly kind: PuppetKind;
  /** Asks who is there. */
  readonly hello: Uint8Array;
  /** Takes answers to `hello`. */
  takeHello(bytes: Uint8Array): void;
  /** Judges what answered so far. */
  judge(): LeaderVerdict;
  /** The request of a reading; what was unfinished is forgotten. */
  ask(): Uint8Array;
  /** Takes answers; gives the reading that they complete. `send` is for a second question of the same reading. */
  take(bytes: Uint8Array, send: (request: Uint8Array) => void): LeaderReading | null;
  /** What the leader itself said is wrong with it since the last reading; empty where nothing is. */
  complaint(): string;
}
