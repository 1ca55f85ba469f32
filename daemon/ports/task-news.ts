import type { ActionTokens, Reasoning } from "../types/chunk.js";
import type { Instant, JointVector, Seconds } from "../types/units.js";
import type { PhaseTimes } from "./policy.js";

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

/** How far apart measured positions then and now were in a replay, rad, J1 to J7. */
export interface ReplayDifferences {
  /** Compared poses. */
  readonly poses: number;
  readonly median: JointVector;
  readonly p99: JointVector;
  readonly most: JointVector;
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
