import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";

/** `kinevla audit verify`: is the audit log as it was written? */
export function register(program: Command): void {
  const audit = program.command("audit").description("the log of who asked for what and what became of it");
  audit
    .command("verify")
    .description("follow the chain of digests through the whole log and name the first broken line")
    .option("--config <file>", "configuration of the daemon", projectPath("daemon", "config", "lab.yaml"))
    .option("--folder <folder>", "the log itself, for example a copy of it")
    .option("--json", "print JSON, for programs")
    .addHelpText("after", `\nExample:\n  kinevla audit verify\n${EXIT_HELP}`)
    .action(async (options: { config: string; folder?: string; json?: true }) => {
      const { verifyAudit } = await import("../audit/audit-files.js");
      const { loadConfig } = await import("../config/config.js");
      const { EXIT } = await import("./exit-code.js");
      const { say, sayJson } = await import("./print.js");
      const found = verifyAudit(options.folder ?? loadConfig(options.config).operator.audit_directory);
      if (options.json) {
        sayJson({ ...found });
      } else if (found.kind === "broken") {
        say(`${found.file}:${found.line}: ${found.reason}`);
      } else {
        const end = found.end === null ? "" : `; the last is ${found.end.number}, ${found.end.digest}`;
        say(`Whole: ${found.records} records in ${found.files} files${end}`);
      }
      process.exitCode = found.kind === "whole" ? EXIT.done : EXIT.unhealthy;
    });
}
