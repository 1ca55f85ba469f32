import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";

/** `kinevla record`: what becomes of recordings. */
export function register(program: Command): void {
  const record = program.command("record").description("recorded runs and demonstrations (daemon/recorder/FORMAT.md)");
  record
    .command("repair")
    .description("open every recording of a folder, mend what a crash or a full disk has left, write the index anew")
    .argument("<folder>", "the folder with the recordings, for example .run/recordings")
    .option("--json", "one JSON object a file")
    .addHelpText("after", "\nExample:\n  kinevla record repair .run/recordings")
    .action(async (folder: string, options: { readonly json?: true }) => {
      const { runRepair } = await import("./run-repair.js");
      process.exitCode = await runRepair(folder, options.json ?? false);
    });
  record
    .command("list")
    .description("the closed recordings, oldest first")
    .option("--config <file>", "configuration that names the folder", projectPath("daemon", "config", "lab.yaml"))
    .option("--folder <folder>", "another folder")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  kinevla record list")
    .action(async (options: { readonly config: string; readonly folder?: string; readonly json?: true }) => {
      const { runRecordList } = await import("./run-record-list.js");
      process.exitCode = runRecordList(options);
    });
}
