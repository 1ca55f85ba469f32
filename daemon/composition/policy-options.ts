import type { PolicyProcessOptions } from "../../models/policy/policy-process.js";
import type { Config } from "../config/config.js";

/** How the policy process runs the configured bundle; `manifest` is the digest of the one that may be loaded. */
export function policyOptions({ policy, home }: Config, manifest: string): PolicyProcessOptions {
  return {
    bundle: policy.bundle,
    manifest,
    provider: policy.provider,
    fallback: policy.fallback === "cpu" ? "cpu" : null,
    threads: policy.threads,
    home,
    deadline: policy.deadline_ms / 1000,
    textDeadline: policy.text_deadline_ms / 1000,
    loadDeadline: policy.load_deadline_ms / 1000,
  };
}
