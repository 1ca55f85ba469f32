import { connect, type Socket } from "node:net";
import { LineBuffer } from "../../daemon/ports/line-buffer.js";
import type { FromPuppet } from "../../daemon/types/puppet.js";

/** The arm process may start later than this one, and again. */
const AGAIN_AFTER_MS = 100;
/** Longest line of the arm process: that it takes no other takes about 80 characters. */
const MOST_LINE = 1024;

/**
 * Says `FromPuppet` lines to a Unix socket and hears what it says, connects and connects again. While the socket is slow only
 * the newest sample waits, and the newest `hello` or `lost`; none is queued behind another.
 */
export class NewestSender {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  #socket: Socket | null = null;
  #again: NodeJS.Timeout | null = null;
  #over = false;
  /** The last `hello` or `lost`: told again to whoever connects. */
  #state: FromPuppet | null = null;
  #stateWaits = false;
  #sample: FromPuppet | null = null;
  #dropped = 0;

  /** `onLine`: told each line of the arm process. */
  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
    this.#connect();
  }

  /** Samples that were replaced by a newer one before they could be sent. */
  get dropped(): number {
    return this.#dropped;
  }

  say(message: FromPuppet): void {
    if (message.kind === "sample") {
      this.#dropped += this.#sample === null ? 0 : 1;
      this.#sample = message;
    } else {
      this.#state = message;
      this.#stateWaits = true;
      // A sample from before belongs to another leader.
      this.#sample = null;
    }
    this.#flush();
  }

  close(): void {
    this.#over = true;
    if (this.#again !== null) {
      clearTimeout(this.#again);
    }
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect(this.#path);
    socket.once("connect", () => {
      this.#socket = socket;
      this.#stateWaits = this.#state !== null;
      this.#sample = null;
      this.#flush();
    });
    socket.on("drain", () => this.#flush());
    // Nobody listens yet, or the other end is gone: 'close' follows, and it is tried again.
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#socket = null;
      if (!this.#over) {
        this.#again = setTimeout(() => this.#connect(), AGAIN_AFTER_MS);
      }
    });
    const lines = new LineBuffer(MOST_LINE);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      for (const line of lines.push(text) ?? ["a line without an end"]) {
        this.#onLine(line);
      }
    });
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === null || socket.writableNeedDrain || socket.writableLength > 0) {
      return;
    }
    const lines: string[] = [];
    if (this.#stateWaits && this.#state !== null) {
      lines.push(JSON.stringify(this.#state));
      this.#stateWaits = false;
    }
    if (this.#sample !== null) {
      lines.push(JSON.stringify(this.#sample));
      this.#sample = null;
    }
    if (lines.length > 0) {
      // Told when it is gone, so that what came meanwhile follows at once.
      socket.write(`${lines.join("\n")}\n`, () => this.#flush());
    }
  }
}
