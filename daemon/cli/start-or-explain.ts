import { BundleError } from "../../models/bundle/bundle-error.js";
import { ConfigError } from "../config/yaml-file.js";
import { StartError, type System, type SystemOptions, startSystem } from "../launch/system.js";
import { CliError, EXIT } from "./exit-code.js";
import { note } from "./print.js";

/** Starts a system; throws CliError with what is in the way and what to do. */
export function startOrExplain(options: SystemOptions): Promise<System> {
  return explained(() => startSystem(options));
}

/** Does something that needs a configuration, a bundle or a system; throws CliError for what is wrong with them. */
export async function explained<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StartError) {
      throw new CliError(EXIT.unhealthy, "not-started", error.message, error.hint);
    }
    if (error instanceof ConfigError) {
      const hint = "Correct it, or name another file with --config; daemon/config/lab.yaml is a complete example.";
      throw new CliError(EXIT.usage, "configuration", error.message, hint);
    }
    if (error instanceof BundleError) {
      throw new CliError(EXIT.unhealthy, error.code, error.message, "The configuration names it: policy.bundle.");
    }
    throw error;
  }
}

/** The same for a command that ends by itself: until the system is closed, Ctrl-C ends it in order, then the command. */
export async function startUntilInterrupted(
  options: Omit<SystemOptions, "signal">,
): Promise<System & { readonly interrupted: AbortSignal }> {
  const interruption = new AbortController();
  let system: System | null = null;
  const end = async (): Promise<void> => {
    if (!interruption.signal.aborted) {
      interruption.abort();
      note("Ending everything.");
      if (system !== null) {
        await system.close();
        process.exit(EXIT.interrupted);
      }
    }
  };
  for (const signal of SIGNALS) {
    process.on(signal, end);
  }
  const started = await startOrExplain({ ...options, signal: interruption.signal });
  system = started;
  return {
    ...started,
    interrupted: interruption.signal,
    close: async () => {
      await started.close();
      for (const signal of SIGNALS) {
        process.off(signal, end);
      }
    },
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
