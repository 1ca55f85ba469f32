import { dieWithParent } from "../launch/die-with-parent.js";
import { PROCESS_EXIT as EXIT } from "../launch/process-exit.js";
import { serviceManager } from "../service/service-manager.js";
import { watchWallClock } from "../service/wall-clock.js";
import { type ArmProcess, type ArmProcessOptions, type ArmProcessParts, startArmProcess } from "./arm-process.js";

// Interlocks: HO-07.

/**
 * Runs the arm process until it is told to end. An error that nobody expected stops the arm before anything else and
 * ends the process; the guardian, which then misses it, stops the arm once more.
 */
export async function runArmProcess(options: ArmProcessOptions, parts: ArmProcessParts): Promise<void> {
  const manager = serviceManager();
  const crash = (error: unknown): void => {
    parts.arm.stop("quick");
    parts.log.error({ error: error instanceof Error ? error.stack : String(error) }, "a fault of the program");
    process.exit(EXIT.bug);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  let running: ArmProcess;
  try {
    running = await startArmProcess(options, parts);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EXIT.busy);
  }
  manager.ready("its stream runs");
  manager.feedWhile(() => running.ticks());
  watchWallClock((seconds) => parts.log.warn({ seconds }, `the wall clock moved by ${seconds.toFixed(1)} s`));
  let ending = false;
  const end = async (): Promise<void> => {
    if (!ending) {
      ending = true;
      manager.stopping();
      await running.close();
      process.exit(EXIT.ended);
    }
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  dieWithParent(end);
}
