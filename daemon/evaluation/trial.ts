import { z } from "zod";
import { CONDITIONS } from "./condition.js";

/** Phases of a chunk in the order in which they pass. */
export const PHASES = ["grab", "preprocess", "vision", "prefill", "text", "codes", "decode", "handOver"] as const;

/** Which trial it is; no two of an evaluation have all three in common. */
const identity = {
  condition: z.enum(CONDITIONS),
  /** Place in the lab's list. */
  task: z.int(),
  seed: z.int(),
};

/** One trial as it went: a line of the log. */
export const trialSchema = z.strictObject({
  kind: z.literal("trial"),
  ...identity,
  /** As it was sent. */
  instruction: z.string(),
  goal: z.boolean(),
  kinematic: z.boolean(),
  /** What the lab measured, and what is missing. */
  detail: z.string(),
  /** How the daemon says that it ended. */
  end: z.string(),
  seconds: z.number(),
  /** Starts that it took: one that failed for want of pictures is no trial yet. */
  attempts: z.int(),
  /** Chunks that the arm process took. */
  chunks: z.int(),
  /** Texts that led to chunks, and how often each did. */
  texts: z.array(z.strictObject({ coarse: z.string(), fine: z.string(), times: z.int() })),
  /** Of each chunk, ms in the order of `PHASES`. */
  latencies: z.array(z.array(z.number()).length(PHASES.length)),
  /** Largest resident size of the policy process since its start, MiB; null where the system does not say. */
  policyPeakMib: z.number().nullable(),
  /** Front pictures, base64 of JPEG. */
  pictures: z.strictObject({ start: z.string(), end: z.string() }),
});

/** One trial as it went. */
export type Trial = z.infer<typeof trialSchema>;

/** What was evaluated: the first line of the log. */
export const subjectSchema = z.strictObject({
  kind: z.literal("evaluation"),
  schema: z.literal("kinevla.evaluation.v1"),
  bundle: z.string(),
  /** sha256 of its manifest, which holds those of its other files. */
  manifestSha256: z.string(),
  looks: z.enum(["nominal", "varied"]),
  /** Of the policy's configuration. */
  reasoning: z.enum(["every-chunk", "cached"]),
});

/** What is evaluated, and under which looks. */
export type Subject = z.infer<typeof subjectSchema>;

/** A trial that is still to be run. */
export type PlannedTrial = Pick<Trial, "condition" | "task" | "seed" | "instruction">;

/** Names a trial within its evaluation. */
export function trialKey({ condition, task, seed }: Pick<Trial, "condition" | "task" | "seed">): string {
  return `${condition} ${task} ${seed}`;
}
