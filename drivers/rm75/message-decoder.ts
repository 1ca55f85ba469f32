import { type JsonObject, parseJsonObject } from "./json-object.js";
import { LineSplitter } from "./line-splitter.js";

/** Turns bytes, cut anywhere, into messages; bytes that are no message are dropped and counted. */
export class MessageDecoder {
  readonly #splitter = new LineSplitter();
  #malformed = 0;

  /** Lines that were no messages, since the start; of a line without an end each 64 KiB. */
  get garbled(): number {
    return this.#malformed + this.#splitter.dropped;
  }

  /** Takes bytes as they arrive. */
  push(bytes: Buffer, onMessage: (message: JsonObject) => void): void {
    this.#splitter.push(bytes, (line) => {
      const message = parseJsonObject(line);
      if (message === null) {
        this.#malformed += 1;
      } else {
        onMessage(message);
      }
    });
  }
}
