import type { Inference, InferenceRequest, PolicyDescription } from "../../daemon/ports/policy.js";
import type { JointPosition, Seconds } from "../../daemon/types/units.js";
import type { Failure } from "../failure.js";
import type { Provider } from "../generator/session.js";

/** Which bundle the policy process loads, and how. */
export interface LoadRequest {
  /** Folder of the bundle. */
  readonly bundle: string;
  /** SHA-256 of the manifest that may be loaded from it; null for whichever stands there. */
  readonly manifest: string | null;
  readonly provider: Provider;
  /** What to do when `cuda` does not load: refuse (null) or run on the CPU and say so. */
  readonly fallback: "cpu" | null;
  /** Threads of one run. */
  readonly threads: number;
  /** The arm's home pose, which the data trained on must fit. */
  readonly home: JointPosition;
}

/** What the daemon says to the policy process. */
export type ToPolicyProcess =
  | { readonly kind: "load"; readonly request: LoadRequest }
  | { readonly kind: "infer"; readonly id: number; readonly request: InferenceRequest };

/** What the policy process says to the daemon. */
export type FromPolicyProcess =
  | { readonly kind: "stage"; readonly stage: string }
  | {
      readonly kind: "ready";
      readonly description: PolicyDescription;
      readonly latencyP95: Seconds;
      readonly notice: string | null;
    }
  /** The bundle or the provider is unusable; starting again would change nothing. */
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "inferred"; readonly id: number; readonly inference: Inference }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure };

/** A message of our own parent process. */
export function isToPolicyProcess(message: unknown): message is ToPolicyProcess {
  return hasKind(message, ["load", "infer"] satisfies ToPolicyProcess["kind"][]);
}

/** A message of our own child process. */
export function isFromPolicyProcess(message: unknown): message is FromPolicyProcess {
  const kinds = ["stage", "ready", "unusable", "inferred", "failed"] satisfies FromPolicyProcess["kind"][];
  return hasKind(message, kinds);
}

function hasKind(message: unknown, kinds: readonly string[]): boolean {
  return (
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    typeof message.kind === "string" &&
    kinds.includes(message.kind)
  );
}
