import type { Command } from "commander";

/** `kinevla lab`: the virtual lab alone. */
export function register(program: Command): void {
  program
    .command("lab")
    .description("start the virtual lab alone: controller, cameras and control port on loopback")
    .option("--seed <n>", "seed of the first table", "1")
    .option("--controller-port <n>", "TCP port of the arm, 0 for any free one", "18080")
    .option("--camera-port <n>", "HTTP port of both cameras, 0 for any free one", "18081")
    .option("--control-port <n>", "HTTP port of reset, scene, faults, truth and arrivals, 0 for any free one", "18082")
    .addHelpText("after", "\nThe default ports are those of daemon/config/lab.yaml. Ctrl-C ends it.")
    .action(async (options: Record<"seed" | "controllerPort" | "cameraPort" | "controlPort", string>) => {
      const { startLab } = await import("../../drivers/virtual-lab/main.js");
      const lab = await startLab({
        seed: Number(options.seed),
        controllerPort: Number(options.controllerPort),
        cameraPort: Number(options.cameraPort),
        controlPort: Number(options.controlPort),
      });
      process.stdout.write(`${JSON.stringify(lab.addresses)}\n`);
      const interrupted = new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      await Promise.race([interrupted, lab.ended]);
      await lab.close();
    });
}
