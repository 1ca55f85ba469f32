import { chmodSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { LineBuffer } from "../ports/line-buffer.js";
import type { FromPuppet, ToPuppet } from "../types/puppet.js";
import { removeStaleSocket } from "./daemon-link.js";
import { parseFromPuppet } from "./parse-from-puppet.js";

// Interlocks: OP-09.

/** Longest line of the puppet process: a reading takes about 250 characters. */
const MOST_LINE = 4096;

/** What the arm process does with its one puppet process. */
export interface PuppetLinkListener {
  onMessage(message: FromPuppet): void;
  /** Its connection ended, and why. */
  onGone(reason: string): void;
}

/** The listening end of the puppet process's connection. */
export interface PuppetLink {
  close(): void;
}

/**
 * Listens on a Unix socket for one puppet process at a time, one JSON object a line. Whoever sends something else is cut
 * off: garbage is no reading. Rejects when another arm process listens there.
 */
export async function listenForPuppet(path: string, listener: PuppetLinkListener): Promise<PuppetLink> {
  let puppet: Socket | null = null;
  await removeStaleSocket(path);
  const server = createServer((socket) => {
    // An error is followed by `close`, where it is handled.
    socket.on("error", () => undefined);
    if (puppet !== null) {
      const refused: ToPuppet = { kind: "refused", reason: "another puppet process is connected" };
      socket.end(`${JSON.stringify(refused)}\n`);
      return;
    }
    puppet = socket;
    let reason = "the puppet process closed its connection";
    const lines = new LineBuffer(MOST_LINE);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      for (const line of lines.push(text) ?? ["too long"]) {
        const message = socket.destroyed ? null : parseFromPuppet(line);
        if (typeof message === "string") {
          reason = `the puppet process sent ${message}`;
          socket.destroy();
        } else if (message !== null) {
          listener.onMessage(message);
        }
      }
    });
    socket.on("close", () => {
      puppet = null;
      listener.onGone(reason);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve());
  });
  chmodSync(path, 0o600);
  return {
    close: () => {
      puppet?.destroy();
      server.close();
    },
  };
}
