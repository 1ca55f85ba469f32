import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync } from "node:fs";

/** One end of a pseudo terminal, in the hands of whoever stands where the device stands. */
export interface Pty {
  send(bytes: Uint8Array): void;
  /** The host sees a hang-up, as when a plug is drawn. */
  unplug(): Promise<void>;
}

const READY_WITHIN_MS = 8000;

/** Makes a pseudo terminal at `path` (a link) with socat; throws Error where socat is missing or the path is taken. */
export async function openPty(path: string, onBytes: (bytes: Uint8Array) => void): Promise<Pty> {
  if (existsSync(path)) {
    throw new Error(`${path} exists: name another path for the virtual leader`);
  }
  const socat = spawn("socat", [`pty,raw,echo=0,link=${path}`, "STDIO"], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise<string>((resolve) => {
    socat.once("error", (error) => resolve(`socat does not start (${error.message}): apt-get install socat`));
    socat.once("exit", (code) => resolve(`socat ended with code ${code}`));
  });
  await untilThere(path, socat, gone);
  // Held open, so that the terminal outlives whoever reads it and closes it.
  const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  socat.stdout.on("data", onBytes);
  // The plug may be drawn while something is under way.
  socat.stdin.on("error", () => socat.kill());
  let over = false;
  return {
    send: (bytes) => {
      if (!over) {
        socat.stdin.write(bytes);
      }
    },
    unplug: async () => {
      if (!over) {
        over = true;
        closeSync(held);
        socat.kill();
        await gone;
      }
    },
  };
}

async function untilThere(path: string, socat: ChildProcess, gone: Promise<string>): Promise<void> {
  let failed: string | null = null;
  void gone.then((words) => {
    failed = words;
  });
  const until = Date.now() + READY_WITHIN_MS;
  while (!existsSync(path)) {
    if (failed !== null || Date.now() > until) {
      socat.kill();
      throw new Error(failed ?? `socat made no pseudo terminal at ${path}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (failed !== null) {
    await once(socat, "close");
    throw new Error(failed);
  }
}
