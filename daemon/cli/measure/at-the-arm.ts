import type { Config } from "../../config/config.js";
import { obstacles } from "../../launch/obstacles.js";
import type { ArmAddress, MeasuringCell } from "../../measure/measuring-cell.js";
import { CliError, EXIT } from "../exit-code.js";
import { note } from "../print.js";

/** Throws CliError while something else has the arm. */
export async function mustBeAlone(config: Config): Promise<void> {
  const found = await obstacles(config, false);
  if (found.length > 0) {
    throw new CliError(
      EXIT.refused,
      "not-alone",
      found.join("\n"),
      "Stop it first: sudo systemctl stop kinevla.target",
    );
  }
}

/** Where the arm of a configuration is; throws CliError for one on a serial link. */
export function armOf({ arm }: Config): ArmAddress {
  if (arm.link.kind !== "tcp") {
    throw new CliError(EXIT.usage, "serial-link", "Nothing moves on a serial link.", "Measure over the network.");
  }
  return { host: arm.link.host, port: arm.link.port, push: arm.push };
}

/**
 * Ctrl-C stops the arm before anything else; what is under way then fails, and nothing else begins. `afterwards` ends what
 * else would be waited for.
 */
export function stopOnInterrupt(
  cell: () => MeasuringCell | null,
  afterwards: () => void = () => undefined,
): {
  readonly stop: () => void;
  happened(): boolean;
  forget(): void;
} {
  let happened = false;
  const stop = (): void => {
    happened = true;
    cell()?.abandon("Ctrl-C");
    note("The arm is stopped, and nothing moves any more.");
    afterwards();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, stop);
  }
  return {
    stop,
    happened: () => happened,
    forget: () => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.off(signal, stop);
      }
    },
  };
}
