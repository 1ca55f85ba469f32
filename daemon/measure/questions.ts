import { createConnection, type Socket } from "node:net";
import { hostClock } from "../ports/clock.js";
import type { Seconds } from "../types/units.js";

/** An arm answers within about 8 ms; after this it does not. */
const ANSWER_MS = 1000;

/** A reply of the arm as it came. */
export interface RawReply {
  readonly text: string;
  /** From the last byte of the question to the reply. */
  readonly after: Seconds;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A connection of its own to the arm, for questions in the vendor's words; the only commands that it can send besides
 * are the stops, which make nothing move.
 */
export class Questions {
  readonly replies: RawReply[] = [];
  /** Pieces in which the replies came off the wire. */
  pieces = 0;
  readonly #socket: Socket;
  #rest = "";
  #sentAt = 0;
  #waiting: ((reply: RawReply) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("error", () => undefined);
    socket.on("data", (text: string) => {
      this.pieces += 1;
      const lines = (this.#rest + text).split("\r\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        this.#hear(line);
      }
    });
  }

  /** Rejects when there is no connection within a second. */
  static open(host: string, port: number): Promise<Questions> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host, port, noDelay: true });
      const timer = setTimeout(() => socket.destroy(new Error("no answer")), ANSWER_MS);
      socket.once("error", reject);
      socket.once("connect", () => {
        clearTimeout(timer);
        resolve(new Questions(socket));
      });
    });
  }

  /** Asks a `get_...` question; null when no reply comes within a second. */
  ask(command: `get_${string}`): Promise<RawReply | null> {
    return this.#exchange(() => this.#socket.write(lineOf({ command })));
  }

  /** Tells the arm to stop. */
  stop(command: "set_arm_stop" | "set_arm_slow_stop" | "set_arm_pause"): Promise<RawReply | null> {
    return this.#exchange(() => this.#socket.write(lineOf({ command })));
  }

  /** Tells the arm where to push its state. */
  configurePush(settings: Readonly<Record<string, unknown>>): Promise<RawReply | null> {
    return this.#exchange(() => this.#socket.write(lineOf({ ...settings, command: "set_realtime_push" })));
  }

  /** Writes several questions in one piece, then waits. */
  async askTogether(commands: readonly `get_${string}`[]): Promise<readonly RawReply[]> {
    const before = this.replies.length;
    this.#socket.write(commands.map((command) => lineOf({ command })).join(""));
    await pause(ANSWER_MS / 2);
    return this.replies.slice(before);
  }

  /** Asks one question byte by byte, a millisecond apart. */
  async askSlowly(command: `get_${string}`): Promise<RawReply | null> {
    const line = lineOf({ command });
    for (const byte of line.slice(0, -1)) {
      this.#socket.write(byte);
      await pause(1);
    }
    return this.#exchange(() => this.#socket.write(line.slice(-1)));
  }

  close(): void {
    this.#socket.end();
    this.#socket.unref();
  }

  #exchange(write: () => void): Promise<RawReply | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting = null;
        resolve(null);
      }, ANSWER_MS);
      this.#waiting = (reply) => {
        clearTimeout(timer);
        this.#waiting = null;
        resolve(reply);
      };
      this.#sentAt = hostClock.now();
      write();
    });
  }

  #hear(text: string): void {
    let fields: Readonly<Record<string, unknown>> = {};
    try {
      fields = JSON.parse(text);
    } catch {
      // It is kept as it came; what is no JSON has no fields.
    }
    const reply = { text, after: hostClock.now() - this.#sentAt, fields };
    this.replies.push(reply);
    this.#waiting?.(reply);
  }
}

function lineOf(message: object): string {
  return `${JSON.stringify(message)}\r\n`;
}

/** Resolves after a while. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
