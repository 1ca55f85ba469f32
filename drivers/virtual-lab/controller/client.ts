import type { Duplex } from "node:stream";
import { type JsonObject, parseJsonObject } from "../../rm75/json-object.js";
import { LineSplitter } from "../../rm75/line-splitter.js";
import { ImpairedSocket } from "../impair/impaired-socket.js";
import type { Caller } from "./execution.js";
import type { Json } from "./registers.js";

/** How faults bend what a client hears. */
export interface Speech {
  readonly silent: boolean;
  readonly sliced: boolean;
}

/** One connection to the controller: a TCP socket or a serial line. */
export class Client implements Caller {
  readonly id: number;
  readonly serial: boolean;
  readonly #stream: Duplex;
  readonly #speech: () => Speech;

  constructor(
    id: number,
    stream: Duplex,
    speech: () => Speech,
    hears: (request: JsonObject, client: Client) => void,
    gone: (client: Client) => void,
  ) {
    this.id = id;
    this.#stream = stream;
    this.#speech = speech;
    this.serial = !(stream instanceof ImpairedSocket);
    const splitter = new LineSplitter();
    const onLine = (line: Buffer) => {
      const request = parseJsonObject(line);
      if (request !== null) {
        hears(request, this);
      }
    };
    stream.on("data", (chunk: Buffer) => splitter.push(chunk, onLine));
    // A peer that resets the connection is an ordinary end here; `close` follows.
    stream.on("error", () => stream.destroy());
    stream.on("close", () => gone(this));
  }

  send(reply: { readonly [field: string]: Json }): void {
    this.write(Buffer.from(`${JSON.stringify(reply)}\r\n`));
  }

  write(bytes: Buffer): void {
    const { silent, sliced } = this.#speech();
    if (silent || this.#stream.destroyed) {
      return;
    }
    if (!sliced) {
      this.#stream.write(bytes);
      return;
    }
    for (let i = 0; i < bytes.length; i += 1) {
      this.#stream.write(bytes.subarray(i, i + 1));
    }
  }

  /** Lets what comes wait where it is: a TCP peer's bytes in the kernels. */
  pause(): void {
    if (this.#stream instanceof ImpairedSocket) {
      this.#stream.pauseReading();
    } else {
      this.#stream.pause();
    }
  }

  resume(): void {
    if (this.#stream instanceof ImpairedSocket) {
      this.#stream.resumeReading();
    } else {
      this.#stream.resume();
    }
  }

  /** The line's toxics have changed. */
  flush(): void {
    if (this.#stream instanceof ImpairedSocket) {
      this.#stream.flush();
    }
  }

  close(reset: boolean): void {
    if (reset && this.#stream instanceof ImpairedSocket) {
      this.#stream.resetAndDestroy();
    } else {
      this.#stream.end();
    }
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
