import { ConfigError } from "../config/yaml-file.js";
import { StartError, type System, type SystemOptions, startSystem } from "../launch/system.js";
import { CliError, EXIT } from "./exit-code.js";
import { note } from "./print.js";

/** Starts a system; throws CliError with what is in the way and what to do. */
export async function startOrExplain(options: SystemOptions): Promise<System> {
  try {
    return await startSystem(options);
  } catch (error) {
    if (error instanceof StartError) {
      throw new CliError(EXIT.unhealthy, "not-started", error.message, error.hint);
    }
    if (error instanceof ConfigError) {
      const hint = "Correct it, or name another file with --config; daemon/config/lab.yaml is a complete example.";
      throw new CliError(EXIT.usage, "configuration", error.message, hint);
    }
    throw error;
  }
}

/** The same for a command that ends by itself: Ctrl-C ends the system in order, then the command. */
export async function startUntilInterrupted(options: Omit<SystemOptions, "signal">): Promise<System> {
  const interruption = new AbortController();
  let system: System | null = null;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, async () => {
      if (!interruption.signal.aborted) {
        interruption.abort();
        note("Ending everything.");
        if (system !== null) {
          await system.close();
          process.exit(EXIT.interrupted);
        }
      }
    });
  }
  system = await startOrExplain({ ...options, signal: interruption.signal });
  return system;
}
