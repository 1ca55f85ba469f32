import type { GripperState } from "./arm-state.js";
import type { Chunk } from "./chunk.js";
import type { Mode } from "./mode.js";
import type { PuppetSample } from "./puppet.js";
import type { Resources } from "./resources.js";
import type { Role } from "./role.js";
import type { Setpoint, SetpointSource } from "./setpoint.js";
import type { Takeover, TeleopReport } from "./teleop.js";
import type { Instant, JointPosition, Seconds } from "./units.js";

/** What the daemon says to the arm process, one JSON object a line over a Unix socket. */
export type ToArm =
  /** Stop at once and latch; needs no authority, is handled before anything queued. */
  | { readonly kind: "stop"; readonly reason: string; readonly by: string }
  /** The operator in control is alive and sees fresh state; forwarded as it arrives. `held`: hold-to-run is pressed. */
  | { readonly kind: "operator-beat"; readonly lease: number; readonly role: Role; readonly held: boolean }
  /** A supervisor allows motion without hold-to-run, or no longer; ends by itself with a latched stop. */
  | { readonly kind: "allow-unattended"; readonly allowed: boolean; readonly by: string }
  /** Nobody is in control any more. */
  | { readonly kind: "operator-gone"; readonly reason: string }
  /** Proposed motion; dropped unless its epoch is the present one and the mode is `policy`. */
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  /** When the pictures were taken that a policy has now; with each new one while it moves the arm. */
  | { readonly kind: "pictures"; readonly capturedAt: Instant }
  /** The arm's state is unlike all that the policy was trained on, and has been for some observations; in words. */
  | { readonly kind: "unfamiliar"; readonly detail: string }
  /** The policy gave something as a chunk that is none. */
  | { readonly kind: "no-chunk"; readonly detail: string }
  /** What the daemon uses, once a second. */
  | { readonly kind: "resources"; readonly pid: number; readonly used: Resources }
  /** Asks for a change of mode; answered by `result` with the same id. */
  | { readonly kind: "request"; readonly id: number; readonly lease: number; readonly request: ArmRequest };

/** Requests that change the mode of the arm process. */
export type ArmRequest =
  /** standby -> hold: start streaming the present pose. */
  | { readonly kind: "engage" }
  /** hold -> policy: follow chunks of the epoch that the result names. */
  | { readonly kind: "follow-policy" }
  /** any motion -> hold by the stopping ramp; chunks of the old epoch are dropped. */
  | { readonly kind: "hold" }
  /** hold -> homing: go to the home pose by our own streamed plan, or to another one, rad. */
  | { readonly kind: "home"; readonly to?: JointPosition | undefined }
  /** any -> align or teleop: the leader arm takes over as soon as it may; `clutch`: also from another pose than the arm's. */
  | { readonly kind: "teleop"; readonly clutch: boolean }
  /** hold -> standby: end the stream. */
  | { readonly kind: "disengage" }
  /** fault -> recovery: bring joints back that stand outside their soft limits, while hold-to-run is pressed. */
  | { readonly kind: "recover" }
  /** fault -> standby, if the cause is gone. */
  | { readonly kind: "acknowledge"; readonly reason: string };

/** Why the arm process stopped or refuses: a machine-readable code and words for the operator. */
export interface StopReport {
  readonly code: string;
  readonly detail: string;
  /** What the operator should do. */
  readonly hint: string;
  readonly at: Instant;
  /** Latched: needs `acknowledge`. */
  readonly latched: boolean;
}

/** Something that the operator should know and that stops nothing: what was found, and what to do. */
export interface Notice {
  readonly code: string;
  /** As it was when it was found first. */
  readonly detail: string;
  readonly hint: string;
  readonly since: Instant;
  /** Nothing is engaged while it is there. */
  readonly bars: boolean;
}

/** What the arm process says to the daemon. */
export type FromArm =
  | {
      readonly kind: "hello";
      readonly periodMs: number;
      /** Which scheduling the streamer got, in words. */
      readonly scheduling: string;
      readonly arm: string;
    }
  | { readonly kind: "state"; readonly state: ArmReport }
  /** Every setpoint that the guard permitted since the last such message, in order; with each report, for recordings. */
  | { readonly kind: "setpoints"; readonly setpoints: readonly Setpoint[] }
  | { readonly kind: "stopped"; readonly stop: StopReport }
  /** The leader arm has taken over; told before the report that shows it. */
  | { readonly kind: "takeover"; readonly takeover: Takeover }
  /** The leader's readings as they were used, in the order in which they came; with each report. */
  | { readonly kind: "leader-samples"; readonly samples: readonly PuppetSample[] }
  /** A chunk was taken, or why it was not. */
  | {
      readonly kind: "chunk-result";
      readonly id: number;
      readonly accepted: boolean;
      readonly reason: string;
      readonly receivedAt: Instant;
    }
  | {
      readonly kind: "result";
      readonly id: number;
      readonly ok: boolean;
      readonly reason: string;
      readonly epoch: number;
    };

/** State of the arm process, sent every 20 ms and at each change of mode. */
export interface ArmReport {
  readonly at: Instant;
  readonly mode: Mode;
  readonly epoch: number;
  readonly source: SetpointSource | null;
  readonly holdToRun: HoldToRun;
  /** null while disconnected. */
  readonly measured: JointPosition | null;
  readonly measuredAge: Seconds | null;
  /** What was last sent to the arm; the measured pose while nothing is streamed. */
  readonly commanded: JointPosition | null;
  /** What the followed chunks ask for at `at`, before limits of motion delay it; otherwise `commanded`. */
  readonly reference: JointPosition | null;
  readonly gripper: GripperState;
  /** The leader arm; null for a cell without one. */
  readonly teleop: TeleopReport | null;
  /** Chunk targets still ahead. */
  readonly pendingTargets: number;
  /** Why it does not move, newest first; empty when nothing is wrong. */
  readonly stops: readonly StopReport[];
  /** What is found of arm, link and policy at present, the most severe first. */
  readonly notices: readonly Notice[];
  readonly armStatus: string;
  readonly stream: StreamCounters;
}

/**
 * The hold-to-run control as the arm process sees it. `waived`: a supervisor allows motion without it for now; `stale`:
 * held, but to be pressed anew before the next motion.
 */
export type HoldToRun = "not-needed" | "waived" | "pressed" | "released" | "stale";

/** Counters of the stream since the arm process started. */
export interface StreamCounters {
  readonly ticks: number;
  readonly lateTicks: number;
  readonly skippedTicks: number;
  readonly refusals: number;
  readonly latenessP99Ms: number;
  readonly latenessMaxMs: number;
}
