import type { Command } from "commander";
import { EXIT_HELP } from "./exit-code.js";
import type { ServiceOptions } from "./service/run-service.js";

/** `kinevla service`: guardian, arm process and daemon as services of the machine. */
export function register(program: Command): void {
  const service = program
    .command("service")
    .description("guardian, arm process and daemon as services of this machine");
  const add = (name: string, words: string): Command =>
    service
      .command(name)
      .description(words)
      .option("--root <folder>", "work on the files of a machine that stand in this folder, for images and tests")
      .option("--project <folder>", "where the project stands on that machine")
      .option("--node <file>", "the Node there");
  add("install", "install units, udev rules, log limits and the services' user, or bring them up to date")
    .option("--dry-run", "show every file and command, and do nothing")
    .addHelpText("after", `\nStarts nothing. Example:\n  sudo kinevla service install --dry-run\n${EXIT_HELP}`)
    .action(async (options: ServiceOptions) => {
      process.exitCode = (await import("./service/run-service.js")).runInstall(options);
    });
  add("uninstall", "stop the services and remove what was installed; configuration and recordings stay")
    .option("--dry-run", "show every file and command, and do nothing")
    .action(async (options: ServiceOptions) => {
      process.exitCode = (await import("./service/run-service.js")).runUninstall(options);
    });
  add("status", "do the services run, and are their files as they should be?")
    .option("--json", "print one JSON object, for programs")
    .action(async (options: ServiceOptions) => {
      process.exitCode = (await import("./service/run-service.js")).runStatus(options);
    });
}
