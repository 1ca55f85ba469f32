import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { Rig } from "../operator/rig.js";

/** How a run of the program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the program. */
export interface Run {
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves once the output holds this text; rejects when the program ends without it. */
  printed(text: string): Promise<void>;
}

/** Starts the program as built, without any settings of this shell. */
export function kinevla(...args: readonly string[]): Run {
  const child = spawn(process.execPath, [projectPath("dist", "daemon", "cli.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH },
  });
  return watch(child);
}

/** The same, with a standard input that takes lines. */
export function kinevlaAsking(...args: readonly string[]): Run & { type(line: string): void } {
  const child = spawn(process.execPath, [projectPath("dist", "daemon", "cli.js"), ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH },
  });
  return { ...watch(child), type: (line) => child.stdin.write(`${line}\n`) };
}

/** Starts it at a terminal against a rig, with this typed as soon as it asks something; words without blanks only. */
export function kinevlaAtTerminal(rig: Rig, typed: string, ...args: readonly string[]): Run {
  const run = kinevlaInTerminal(rig, ...args);
  void run.printed("= nothing: ").then(
    () => run.child.stdin?.write(`${typed}\n`),
    () => undefined,
  );
  return run;
}

/** Starts it at a terminal against a rig; its standard input is the keyboard. Words without blanks only. */
export function kinevlaInTerminal(rig: Rig, ...args: readonly string[]): Run {
  const command = [process.execPath, projectPath("dist", "daemon", "cli.js"), ...args].join(" ");
  const child = spawn("socat", ["-", `EXEC:${command},pty,setsid,ctty,stderr,echo=0`], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH, KINEVLA_URL: `ws://${rig.address}`, KINEVLA_TOKEN_FILE: rig.tokenFile },
  });
  return watch(child);
}

function watch(child: ChildProcessByStdio<Writable | null, Readable, Readable>): Run {
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return {
    child,
    ended,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (`${stdout}${stderr}`.includes(text)) {
            resolve();
          }
        };
        look();
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        void ended.then(() => reject(new Error(`ended without "${text}": ${stdout}${stderr}`)));
      }),
  };
}

/** The options that point the program at a rig. */
export function at(rig: Rig): readonly string[] {
  return ["--url", `ws://${rig.address}`, "--token-file", rig.tokenFile];
}

/** Output of `--json`, line by line. */
export function jsonLines(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .trim()
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text));
}
