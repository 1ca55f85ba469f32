import type { Observable } from "rxjs";
import type { ActionTokens, Reasoning } from "../types/chunk.js";
import type { Observation } from "../types/observation.js";
import type { JointVector, Seconds } from "../types/units.js";

/** Time spent in each phase of one inference, in seconds. */
export interface PhaseTimes {
  readonly preprocess: Seconds;
  readonly vision: Seconds;
  readonly prefill: Seconds;
  readonly text: Seconds;
  readonly codes: Seconds;
  readonly decode: Seconds;
}

/** What one inference gave. */
export interface Inference {
  readonly reasoning: Reasoning;
  /** False when the text was forced from an earlier inference of the same instruction. */
  readonly fresh: boolean;
  readonly tokens: ActionTokens;
  /** Joint deltas in rad from the commanded position of the observation, one per step. */
  readonly deltas: readonly JointVector[];
  /** Gripper openings, 0 closed to 1 open, one per step. */
  readonly grippers: readonly number[];
  readonly phases: PhaseTimes;
}

/** Where the texts of an inference come from; `Text` is how they are written down. */
export type TextSource<Text> =
  /** Generated anew. A draft, best the text of the chunk before, never changes what comes out, only how soon. */
  | { readonly kind: "generated"; readonly draft: Text | null }
  /** Fed as they are; the model has no say. */
  | { readonly kind: "forced"; readonly text: Text };

/** One request to the policy. */
export interface InferenceRequest {
  readonly instruction: string;
  readonly observation: Observation;
  readonly text: TextSource<Reasoning>;
}

/** What a policy is good for, from its bundle's manifest. */
export interface PolicyDescription {
  readonly bundleId: string;
  readonly horizon: number;
  /** Between two steps of a chunk. */
  readonly period: Seconds;
  readonly imageSize: number;
  readonly provider: "cpu" | "cuda";
  /** Instructions it was trained on. */
  readonly instructions: readonly string[];
}

/** `ready` with its description, or why not. */
export type PolicyStatus =
  /** `stage` says in words what is being done. */
  | { readonly kind: "loading"; readonly stage?: string }
  | {
      readonly kind: "ready";
      readonly description: PolicyDescription;
      /** Of a whole inference that finds its draft right, measured at load. */
      readonly latencyP95: Seconds;
      /** What the operator should know, for example that a declared fall-back was taken. */
      readonly notice?: string;
    }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * What an inference failed by: the state was unlike all that the policy was trained on, so that whatever it made of it would mean
 * nothing; what came is no chunk; or anything else.
 */
export type InferenceFlaw = "unfamiliar" | "no-chunk" | "other";

/** What `Policy.infer` errors with. */
export class InferenceError extends Error {
  override readonly name: string = "InferenceError";
  readonly flaw: InferenceFlaw;

  constructor(message: string, flaw: InferenceFlaw) {
    super(message);
    this.flaw = flaw;
  }
}

/** The generator and decoder in the policy process. */
export interface Policy {
  readonly status: Observable<PolicyStatus>;
  /** One inference; errors when the process misses its deadline (it is then killed and started again). */
  infer(request: InferenceRequest): Observable<Inference>;
  /** Why the bundle that was loaded must not move the arm, as its files are now, in words; null when it may. */
  altered(): Observable<string | null>;
  close(): Promise<void>;
}
