import type { Evidence, Figure } from "./evidence.js";
import type { ArmAddress, MeasuringCell } from "./measuring-cell.js";

/** What a measurement found. */
export interface Finding {
  readonly outcome: Exclude<Evidence["outcome"], "not-measured">;
  /** In one sentence, for people. */
  readonly words: string;
  readonly figures: readonly Figure[];
}

/** A figure that somebody reads off and types in. */
export interface AskedFigure {
  readonly name: string;
  readonly unit: string;
}

interface Described {
  /** H-1 to H-20, reference catalogue of facts that no document tells. */
  readonly id: string;
  readonly question: string;
  /** What the program takes for granted. */
  readonly assumed: string;
  /** What may move, for whoever stands there. */
  readonly moves: string;
}

/** One of the facts that have to be measured on the arm itself. */
export type Measurement =
  /** Only asks the arm; arm process and guardian do not run. */
  | (Described & { readonly kind: "asking"; perform(arm: ArmAddress): Promise<Finding> })
  /** Moves the arm, through arm process and guard. */
  | (Described & { readonly kind: "moving"; perform(cell: MeasuringCell): Promise<Finding> })
  /** Done by people with the vendor's own tools; this program asks what they saw. */
  | (Described & { readonly kind: "by-hand"; readonly steps: string; readonly figures: readonly AskedFigure[] });
