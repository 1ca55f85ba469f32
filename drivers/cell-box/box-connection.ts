import { createConnection, type Socket } from "node:net";

/** Where a cell box listens. */
export interface CellBoxAddress {
  readonly host: string;
  readonly port: number;
}

/** Between two attempts to reach the box, milliseconds. */
const RETRY_MS = 200;

/** A connection to the cell box that comes back by itself. */
export class BoxConnection {
  readonly #address: CellBoxAddress;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #onGone: () => void;
  #socket: Socket;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: CellBoxAddress, onBytes: (bytes: Buffer) => void, onGone: () => void) {
    this.#address = address;
    this.#onBytes = onBytes;
    this.#onGone = onGone;
    this.#socket = this.#connect();
  }

  /** Writes one byte where there is a connection. */
  write(byte: number): void {
    if (this.#socket.readyState === "open" && this.#socket.writableLength === 0) {
      this.#socket.write(Buffer.of(byte));
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket.destroy();
  }

  #connect(): Socket {
    const socket = createConnection({ ...this.#address, noDelay: true });
    socket.on("data", this.#onBytes);
    // An error is followed by `close`, where it is handled.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (!this.#closed) {
        this.#onGone();
        this.#retry = setTimeout(() => {
          this.#socket = this.#connect();
        }, RETRY_MS);
      }
    });
    return socket;
  }
}
