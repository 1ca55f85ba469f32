import type { PolicyStatus } from "../ports/policy.js";

/**
 * A chunk that takes longer than this part of its horizon has expired for the most part when it arrives:
 * with H = 5 at 10 Hz and three steps executed, 0.3 s (model.md section 5.2, bound d <= s <= H - d).
 */
const LARGEST_PART = 0.6;

/** Why a policy must not be followed now; null when it may. */
export function unfitness(status: PolicyStatus): string | null {
  switch (status.kind) {
    case "loading":
      return `the policy is still loading (${status.stage ?? "starting"}); try again in a few seconds`;
    case "failed":
      return `the policy does not run: ${status.reason}`;
    case "ready": {
      const { horizon, period } = status.description;
      const longest = LARGEST_PART * horizon * period;
      return status.latencyP95 > longest
        ? `the policy takes ${milliseconds(status.latencyP95)} a chunk and may take ${milliseconds(longest)}; ` +
            "use a faster machine or provider, or a smaller bundle"
        : null;
    }
    default:
      return status satisfies never;
  }
}

function milliseconds(time: number): string {
  return `${Math.round(time * 1000)} ms`;
}
