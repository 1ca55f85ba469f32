/** Why one inference gave nothing that may be executed. */
export type FailureCode =
  | "instruction-refused"
  | "image-refused"
  | "text-empty"
  | "text-over-budget"
  | "text-malformed"
  | "not-finite"
  | "state-unfamiliar"
  | "cameras-swapped"
  | "implausible-chunk";

/** An inference that failed, in a form that crosses process borders. */
export interface Failure {
  readonly kind: "failed";
  readonly code: FailureCode;
  readonly detail: string;
}

/** Makes a failure value. */
export function failure(code: FailureCode, detail: string): Failure {
  return { kind: "failed", code, detail };
}
