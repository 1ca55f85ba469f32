import { filter, firstValueFrom } from "rxjs";
import { BundleError } from "../../../models/bundle/bundle-error.js";
import { readTrustedManifest } from "../../../models/bundle/read-manifest.js";
import { cudaPreflight } from "../../../models/policy/cuda-preflight.js";
import { createPolicyProcess } from "../../../models/policy/policy-process.js";
import { policyOptions } from "../../composition/policy-options.js";
import type { Config } from "../../config/config.js";
import { unfitness } from "../../loop/policy-fitness.js";
import { type Check, type Finding, ill, well } from "./check.js";

const RESTORE = "Restore the bundle's folder, or name another one in the configuration.";

/** Is the bundle whole, does it run on this machine, and fast enough for its own rate? */
export function policyCheck(config: Config): Check {
  return {
    name: "policy",
    run: async () => {
      if (config.policy.provider === "cuda") {
        const cuda = await cudaPreflight();
        if (!cuda.ready) {
          return ill(`the CUDA libraries are not complete: ${cuda.missing.join(", ")}`, cuda.advice);
        }
      }
      const digest = await digestOrWhy(config);
      if (typeof digest !== "string") {
        return digest;
      }
      const policy = createPolicyProcess(policyOptions(config, digest));
      try {
        const status = await firstValueFrom(policy.status.pipe(filter(({ kind }) => kind !== "loading")));
        if (status.kind === "failed") {
          return ill(status.reason, RESTORE);
        }
        const slow = unfitness(status);
        if (slow !== null || status.kind !== "ready") {
          return ill(slow ?? "it is loading", "See models/README.md for CUDA.");
        }
        const { bundleId, horizon, period, provider } = status.description;
        const latency = `${(status.latencyP95 * 1000).toFixed(0)} ms a chunk (p95) of ${(horizon * period * 1000).toFixed(0)} ms`;
        return well(`${bundleId} on ${provider}, ${latency}`);
      } finally {
        await policy.close();
      }
    },
  };
}

/** The digest of the bundle's manifest, or why there is none that may be loaded. */
async function digestOrWhy({ policy, trust }: Config): Promise<string | Finding> {
  try {
    return (await readTrustedManifest(policy.bundle, trust)).digest;
  } catch (error) {
    if (error instanceof BundleError) {
      return ill(error.message, RESTORE);
    }
    throw error;
  }
}
