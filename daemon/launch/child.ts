import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { PROCESS_EXIT } from "./process-exit.js";

/** One process of the system, started by us and ended with us. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves with a sentence when the process has ended, expected or not. */
  readonly ended: Promise<string>;
  /** Asks it to end in order; kills it after `patienceMs`. */
  stop(patienceMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** How to start one process. */
export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Called with each line of its standard output. */
  readonly onLine?: (line: string) => void;
}

/**
 * Starts a process whose output goes to a log file. Its standard input stays open for as long as this process lives:
 * the executables end when it closes, so that nothing is left behind even after SIGKILL.
 */
export function startChild(options: ChildOptions): Child {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: "a" });
  const child: ChildProcess = spawn(options.command, [...options.args, "--die-with-parent"], {
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C at the terminal must reach only the program in front, which stops the arm first.
    detached: true,
  });
  let logs = true;
  log.on("error", (error) => {
    // A full disk costs the log, not the arm.
    logs = false;
    process.stderr.write(`No more log of ${options.name}: ${error.message}. Make room on the disk.\n`);
  });
  const last: string[] = [];
  const lastErrors: string[] = [];
  const keep = (line: string): void => {
    if (logs) {
      log.write(`${line}\n`);
    }
    last.push(line);
    last.splice(0, last.length - 5);
  };
  if (child.stdout !== null && child.stderr !== null) {
    createInterface(child.stdout).on("line", (line) => {
      keep(line);
      options.onLine?.(line);
    });
    createInterface(child.stderr).on("line", (line) => {
      keep(line);
      lastErrors.push(line);
      lastErrors.splice(0, lastErrors.length - 5);
    });
  }
  let over = false;
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => {
      over = true;
      resolve(`${options.name} could not be started: ${error.message}`);
    });
    child.on("close", (code, signal) => {
      over = true;
      log.end();
      if ((code === PROCESS_EXIT.busy || code === PROCESS_EXIT.configuration) && lastErrors.length > 0) {
        resolve(lastErrors.join("\n"));
        return;
      }
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      resolve(
        `${options.name} ended ${how}; see ${options.logFile}${last.length > 0 ? `\n  ${last.join("\n  ")}` : ""}`,
      );
    });
  });
  return {
    name: options.name,
    pid: child.pid ?? -1,
    ended,
    kill: (signal) => {
      child.kill(signal);
    },
    stop: async (patienceMs = 5000) => {
      if (!over) {
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
        await ended;
        clearTimeout(timer);
      }
    },
  };
}
