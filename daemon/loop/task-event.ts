import type { Inference, PhaseTimes } from "../ports/policy.js";
import type { ActionTokens, Reasoning } from "../types/chunk.js";
import type { Instant, Seconds } from "../types/units.js";

/** Something that went wrong and what to do about it. */
export interface Fault {
  /** Machine-readable, for example `camera-stale`. */
  readonly code: string;
  /** Which part, for example `front camera` or `policy`. */
  readonly part: string;
  readonly detail: string;
  readonly hint: string;
  readonly since: Instant;
  /** Latched: needs `acknowledge`. */
  readonly latched: boolean;
}

/** What the model understood. */
export interface Understanding extends Reasoning {
  readonly instruction: string;
  /** False when the text was forced from an earlier inference of the same instruction. */
  readonly fresh: boolean;
}

/** Time spent on one chunk, from the camera to the arm process, in seconds. */
export interface ChunkPhases extends PhaseTimes {
  /** From capture until the inference started. */
  readonly grab: Seconds;
  /** What was not model time from there until the arm process had the chunk: the ways between the processes. */
  readonly handOver: Seconds;
}

/** One chunk, after the arm process took or refused it. */
export interface ChunkReport {
  readonly id: number;
  readonly epoch: number;
  readonly capturedAt: Instant;
  /** Between two targets. */
  readonly period: Seconds;
  /** Targets that were still ahead when it was handed over. */
  readonly steps: number;
  readonly accepted: boolean;
  /** Why it was not accepted; empty when it was. */
  readonly reason: string;
  /** True when its reasoning text was forced instead of generated. */
  readonly forced: boolean;
  readonly tokens: ActionTokens;
  readonly phases: ChunkPhases;
}

/** How a task ended. */
export type Outcome = "completed" | "stopped" | "failed" | "timed-out";

/** The last event of a task. */
export interface Finished {
  readonly kind: "finished";
  readonly outcome: Outcome;
  /** In words; empty when it was completed. */
  readonly reason: string;
}

/** What happens while one instruction is followed, in order; `finished` is the last. */
export type TaskEvent =
  | { readonly kind: "phase"; readonly phase: "engaging" | "homing" | "thinking" | "acting" | "paused" }
  /** Comes before the first setpoint that the text leads to. */
  | { readonly kind: "understood"; readonly understanding: Understanding }
  | { readonly kind: "chunk"; readonly chunk: ChunkReport }
  /** Something failed and the task goes on. */
  | { readonly kind: "fault"; readonly fault: Fault }
  | Finished;

/** The end of a task; `reason` in words. */
export function finished(outcome: Outcome, reason: string): Finished {
  return { kind: "finished", outcome, reason };
}

/** What an inference says about the instruction. */
export function understood(
  instruction: string,
  { reasoning, fresh }: Pick<Inference, "reasoning" | "fresh">,
): Extract<TaskEvent, { readonly kind: "understood" }> {
  return { kind: "understood", understanding: { ...reasoning, instruction, fresh } };
}
