import type { WebSocket } from "ws";

/** A reader that leaves this much unread is dropped (reference/safety.md §5, item 8). */
const MAXIMUM_UNREAD_BYTES = 256 * 1024;
/** An end that is not answered within this time is one by force. */
const END_WITHIN_MS = 500;

/** What is written to one client, and how its connection ends. */
export class ClientLine {
  readonly #socket: WebSocket;
  readonly #onDropped: (why: "slow" | "silent") => void;
  #unansweredPings = 0;

  /** `onDropped` hears of a connection that is ended by force because nobody reads or answers. */
  constructor(socket: WebSocket, onDropped: (why: "slow" | "silent") => void) {
    this.#socket = socket;
    this.#onDropped = onDropped;
    socket.on("pong", () => {
      this.#unansweredPings = 0;
    });
  }

  get unreadBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends a text, unless the client has stopped reading: it is then dropped. */
  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      return;
    }
    if (this.unreadBytes > MAXIMUM_UNREAD_BYTES) {
      this.#onDropped("slow");
      this.#socket.terminate();
      return;
    }
    this.#socket.send(text);
  }

  /** Asks for a sign of life; a connection that missed two is dropped. */
  ping(): void {
    if (this.#unansweredPings >= 2) {
      this.#onDropped("silent");
      this.#socket.terminate();
      return;
    }
    this.#unansweredPings += 1;
    this.#socket.ping();
  }

  /** Ends the connection in order with a code of RFC 6455, and by force half a second later. */
  end(code: 1001 | 1008, reason: string): void {
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), END_WITHIN_MS).unref();
  }
}
