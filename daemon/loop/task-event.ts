import type { Inference } from "../ports/policy.js";
import type { ChunkReport, Fault, Understanding } from "../ports/task-news.js";

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
