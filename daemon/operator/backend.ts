import type { Observable } from "rxjs";
import type { PolicyDescription } from "../ports/policy.js";
import type { ChunkReport, Fault, ReplayDifferences, Understanding } from "../ports/task-news.js";
import type { ArmReport, ArmRequest } from "../types/arm-link.js";
import type { CameraRole } from "../types/frame.js";
import type { Role } from "../types/role.js";
import type { Instant, Seconds } from "../types/units.js";

/** Everything that the operator server needs of the daemon. */
export interface OperatorBackend {
  readonly streams: OperatorStreams;
  readonly commands: OperatorCommands;
  /** What is true now; called for every status request and readiness probe. */
  status(): SystemStatus;
  /** The newest picture as JPEG bytes; rejects while there is none. */
  jpeg(role: CameraRole): Promise<Uint8Array>;
}

/** What operators can follow; each stream gives its newest value on subscription, if there is one, and never errors. */
export interface OperatorStreams {
  readonly arm: Observable<ArmReport>;
  /** Emitted before the first setpoint that the text leads to. */
  readonly reasoning: Observable<Understanding>;
  readonly chunks: Observable<ChunkReport>;
  /** All present faults, whenever they change; empty when nothing is wrong. */
  readonly faults: Observable<readonly Fault[]>;
  readonly progress: Observable<TaskProgress>;
}

/** What operators can ask for; the server has checked authority and form before it calls any of these but `stop`. */
export interface OperatorCommands {
  /** Quick stop, at once and latched; must put the stop on its way before it returns. */
  stop(by: string, reason: string): void;
  /** Changes the mode of the arm process; `home` first engages where that is needed. */
  request(request: ArmRequest, lease: number): Promise<Outcome>;
  /** Changes the task; resolves when it is taken up or refused, not when it has ended. */
  task(request: TaskRequest, lease: number): Promise<Outcome>;
  /** The operator in control is alive and sees fresh state; `held`: hold-to-run is pressed. */
  beat(lease: number, role: Role, held: boolean): void;
  /** A supervisor allows motion without hold-to-run, or no longer. */
  allowUnattended(allowed: boolean, by: string): void;
  /** Nobody is in control any more. */
  operatorGone(reason: string): void;
}

/** Requests about the task. */
export type TaskRequest =
  | { readonly kind: "instruct"; readonly instruction: string; readonly homeFirst: boolean }
  /** Ramp to hold and keep the task. */
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /** A recorded episode, by the name of its file. */
  | { readonly kind: "replay"; readonly episode: string }
  /** Begins or ends the recording of a demonstration. */
  | {
      readonly kind: "record";
      readonly action: "begin" | "keep" | "discard";
      readonly task: string;
      readonly success: boolean | null;
    };

/** Whether something asked for is under way, or why not and what to do. */
export type Outcome =
  | { readonly kind: "done"; readonly detail: string }
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string };

/** How far the task is; the last three kinds end it. */
export type TaskPhase = "homing" | "thinking" | "acting" | "paused" | "finished" | "stopped" | "failed";

/** The present or last task. */
export interface TaskProgress {
  /** Counts up within one daemon run. */
  readonly id: number;
  readonly instruction: string;
  readonly phase: TaskPhase;
  /** In words, for example why it was stopped. */
  readonly detail: string;
  readonly startedAt: Instant;
  readonly changedAt: Instant;
  /** Chunks accepted so far. */
  readonly chunks: number;
  /** null where an instruction is followed. */
  readonly replay: ReplayProgress | null;
}

/** A task that replays an episode. */
export interface ReplayProgress {
  readonly episode: string;
  /** null until it is read. */
  readonly length: Seconds | null;
  /** null unless it came to its end. */
  readonly differences: ReplayDifferences | null;
}

/** The whole system at one instant. */
export interface SystemStatus {
  /** Whether an instruction could be followed now. */
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly reasons: readonly string[];
  /** The arm and how its stream runs, in words; null while the arm process is away. */
  readonly arm: { readonly identity: string; readonly scheduling: string; readonly periodMs: number } | null;
  /** null until a bundle is loaded. */
  readonly policy: PolicyDescription | null;
  readonly limits: JointLimits;
}

/** What the joint bars are drawn against, rad, J1 to J7. */
export interface JointLimits {
  readonly minimum: readonly number[];
  readonly maximum: readonly number[];
}
