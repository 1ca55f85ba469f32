#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { CliError, EXIT } from "./cli/exit-code.js";
import { note, sayJson } from "./cli/print.js";
import { buildProgram } from "./cli/program.js";
import { projectPath } from "./ports/project-path.js";

/** Tells what went wrong; programs get it as a JSON line. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  if (error instanceof CliError) {
    if (process.argv.includes("--json")) {
      sayJson({ type: "error", code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode });
    } else {
      note(`kinevla: ${error.message}\n  ${error.hint}`);
    }
    return error.exitCode;
  }
  note(`kinevla: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT.bug;
}

// Whoever read is gone, with a closed terminal or an ended pipe: the same as SIGHUP, on which commands stop the arm.
for (const stream of [process.stdout, process.stderr]) {
  stream.once("error", () => {
    stream.on("error", () => undefined);
    process.kill(process.pid, "SIGHUP");
  });
}

const { version }: { version: string } = JSON.parse(readFileSync(projectPath("package.json"), "utf8"));
try {
  await buildProgram(version).parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}
