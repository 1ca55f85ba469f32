import { chmodSync, readlinkSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { LineBuffer } from "../ports/line-buffer.js";
import type { FromArm, ToArm } from "../types/arm-link.js";
import { parseToArm } from "./parse-to-arm.js";

// Interlocks: HO-03.

/** Longest line of the daemon: a chunk of 64 targets is about 20 kB. */
const MOST_LINE = 65_536;
/** A daemon that does not read gets no more reports beyond this many bytes. */
const MOST_WAITING = 262_144;

/** What the arm process does with its one daemon. */
export interface DaemonListener {
  /** A daemon is there; greet it. */
  onOpen(): void;
  onMessage(message: ToArm): void;
  /** A line that is no message; `chunkId` where it was meant as a chunk. */
  onWrong(reason: string, chunkId: number | null): void;
  /** The daemon is gone. */
  onClose(): void;
}

/** The listening end of the daemon's connection. */
export interface DaemonLink {
  /** Writes one message; state reports, setpoints and readings are dropped while the daemon does not read. */
  tell(message: FromArm): void;
  /**
   * Ends the connection of a daemon that was killed. The kernel closes its sockets only once it has freed its memory, 30 ms
   * later for 240 MiB (test/fault/README.md).
   */
  look(): void;
  close(): void;
}

/**
 * Listens on a Unix socket for one daemon at a time, one JSON object a line. Of everything that arrives together, stops
 * are handled first. Rejects when another arm process listens there.
 */
export async function listenForDaemon(path: string, listener: DaemonListener): Promise<DaemonLink> {
  let daemon: Socket | null = null;
  /** Of the daemon, once it has told; null before. */
  let pid: number | null = null;
  await removeStaleSocket(path);

  const leave = (socket: Socket): void => {
    if (daemon === socket) {
      daemon = null;
      pid = null;
      listener.onClose();
    }
  };
  const server = createServer((socket) => {
    // An error is followed by `close`, where it is handled.
    socket.on("error", () => undefined);
    if (daemon !== null) {
      socket.end(`${JSON.stringify({ kind: "refused", reason: "another daemon is connected to this arm process" })}\n`);
      return;
    }
    daemon = socket;
    const lines = new LineBuffer(MOST_LINE);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      const complete = lines.push(text);
      if (complete === null) {
        listener.onWrong(`malformed: a line longer than ${MOST_LINE} characters`, null);
        socket.destroy();
        return;
      }
      const told = deliver(complete, listener);
      // What cannot be seen from the beginning, as of another user where processes are hidden, says nothing by being unseen.
      pid = told !== null && !isDying(told) ? told : pid;
    });
    socket.on("close", () => leave(socket));
    listener.onOpen();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, 0o600);
  return {
    tell: (message) => {
      const isRoutine = ["state", "setpoints", "leader-samples"].includes(message.kind);
      if (daemon !== null && (!isRoutine || daemon.writableLength < MOST_WAITING)) {
        daemon.write(`${JSON.stringify(message)}\n`);
      }
    },
    look: () => {
      if (daemon !== null && pid !== null && isDying(pid)) {
        daemon.destroy();
        leave(daemon);
      }
    },
    close: () => {
      daemon?.destroy();
      server.close();
    },
  };
}

/** Hands over what arrived together; the daemon's process id where it says it. */
function deliver(lines: readonly string[], listener: DaemonListener): number | null {
  const parsed = lines.filter((line) => line !== "").map(parseToArm);
  let pid: number | null = null;
  for (const one of parsed) {
    if (one.ok && one.message.kind === "stop") {
      listener.onMessage(one.message);
    }
  }
  for (const one of parsed) {
    if (!one.ok) {
      listener.onWrong(one.reason, one.chunkId);
    } else if (one.message.kind !== "stop") {
      listener.onMessage(one.message);
      pid = one.message.kind === "resources" ? one.message.pid : pid;
    }
  }
  return pid;
}

/** Whether a process has given its memory up, or is gone: then it has no program any more (proc(5), `exe`). */
export function isDying(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/exe`);
    return false;
  } catch (error) {
    // Where its program may not be read nothing is known, and the socket tells when it is gone.
    return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH");
  }
}

/** Removes the socket file of a process that is gone; rejects when somebody still listens. */
export function removeStaleSocket(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      reject(new Error(`another process listens on ${path}: stop it first`));
    });
    probe.on("error", () => {
      rmSync(path, { force: true });
      resolve();
    });
  });
}
