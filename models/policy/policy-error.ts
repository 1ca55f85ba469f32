import { InferenceError, type InferenceFlaw } from "../../daemon/ports/policy.js";
import type { FailureCode } from "../failure.js";

/** Why an inference gave nothing; failures of the model, and of the process that runs it. */
export type PolicyErrorCode =
  | FailureCode
  | "not-ready"
  | "busy"
  | "deadline-missed"
  | "process-died"
  | "bad-answer"
  | "closed";

/** The one error of `Policy.infer`. */
export class PolicyError extends InferenceError {
  override readonly name = "PolicyError";
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string) {
    super(message, flawOf(code));
    this.code = code;
  }
}

function flawOf(code: PolicyErrorCode): InferenceFlaw {
  switch (code) {
    case "state-unfamiliar":
      return "unfamiliar";
    // What the model computed is no number, or what came of it is no chunk.
    case "not-finite":
    case "bad-answer":
      return "no-chunk";
    default:
      return "other";
  }
}
