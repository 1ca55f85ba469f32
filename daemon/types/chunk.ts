import type { Instant, JointPosition, Seconds } from "./units.js";

/** What the generator wrote for the two levels of an instruction. */
export interface Reasoning {
  /** Goal level. */
  readonly coarse: string;
  /** Kinematics level. */
  readonly fine: string;
  /** When the text was generated; forced text keeps the instant of its generation. */
  readonly generatedAt: Instant;
}

/** Codes of the two codebooks, goal level first. */
export interface ActionTokens {
  /** Codebook entries 0..K-1, one per depth. */
  readonly coarse: readonly number[];
  /** Codebook entries 0..K-1, one per depth. */
  readonly fine: readonly number[];
  /** Probability of each chosen code inside its band, coarse then fine. */
  readonly probability: readonly number[];
}

/** One step of a chunk. */
export interface ChunkTarget {
  /** When the arm should be there. */
  readonly dueAt: Instant;
  readonly q: JointPosition;
  /** Gripper opening, 0 closed to 1 open. */
  readonly gripper: number;
}

/** A short stretch of motion proposed by the policy: targets with due instants, counted from image capture. */
export interface Chunk {
  /** Counts up within one daemon run. */
  readonly id: number;
  /** Motion epoch of the observation it was made from; an older epoch is dropped. */
  readonly epoch: number;
  /** Capture instant of the images it was made from. */
  readonly capturedAt: Instant;
  /** Between two targets. */
  readonly period: Seconds;
  readonly targets: readonly ChunkTarget[];
}
