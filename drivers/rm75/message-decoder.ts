import { type JsonObject, parseJsonObject } from "./json-object.js";
import { LineSplitter } from "./line-splitter.js";

/** Malformed lines in a row after which a link is not believed any more. */
const MAXIMUM_MALFORMED = 5;

/** Turns bytes, cut anywhere, into messages; bytes that are no message are dropped and counted. */
export class MessageDecoder {
  readonly #splitter = new LineSplitter();
  #malformed = 0;

  /** Takes bytes as they arrive; says `garbled` when five lines in a row were no messages. */
  push(bytes: Buffer, onMessage: (message: JsonObject) => void): "fine" | "garbled" {
    const dropped = this.#splitter.dropped;
    this.#splitter.push(bytes, (line) => {
      const message = parseJsonObject(line);
      this.#malformed = message === null ? this.#malformed + 1 : 0;
      if (message !== null) {
        onMessage(message);
      }
    });
    this.#malformed += this.#splitter.dropped - dropped;
    return this.#malformed >= MAXIMUM_MALFORMED ? "garbled" : "fine";
  }
}
