import type { Command } from "commander";
import { CliError, EXIT } from "./exit-code.js";
import { portNumber, wholeNumber } from "./whole-number.js";

/** `kinevla lab`: the virtual lab alone. */
export function register(program: Command): void {
  program
    .command("lab")
    .description("start the virtual lab alone: controller, cameras and control port on loopback")
    .option("--seed <n>", "seed of the first table", wholeNumber, 1)
    .option("--controller-port <n>", "TCP port of the arm, 0 for any free one", portNumber, 18_080)
    .option("--camera-port <n>", "HTTP port of both cameras, 0 for any free one", portNumber, 18_081)
    .option(
      "--control-port <n>",
      "HTTP port of reset, scene, faults, truth and arrivals, 0 for any free one",
      portNumber,
      18_082,
    )
    .addHelpText("after", "\nThe default ports are those of daemon/config/lab.yaml. Ctrl-C ends it.")
    .action(async (options: Record<"seed" | "controllerPort" | "cameraPort" | "controlPort", number>) => {
      const { LabStartError, startLab } = await import("../../drivers/virtual-lab/main.js");
      const lab = await startLab(options).catch((error: unknown) => {
        throw error instanceof LabStartError
          ? new CliError(EXIT.unhealthy, "not-started", error.message, "See: kinevla lab --help")
          : error;
      });
      process.stdout.write(`${JSON.stringify(lab.addresses)}\n`);
      const interrupted = new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
        process.once("SIGHUP", resolve);
      });
      await Promise.race([interrupted, lab.ended]);
      await lab.close();
    });
}
