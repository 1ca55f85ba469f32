import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type JsonObject, parseJsonObject } from "../../rm75/json-object.js";
import { LineSplitter } from "../../rm75/line-splitter.js";
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
    this.serial = !(stream instanceof Socket);
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

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(reset: boolean): void {
    if (reset && this.#stream instanceof Socket) {
      this.#stream.resetAndDestroy();
    } else {
      this.#stream.end();
    }
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
