import type { Seconds } from "../types/units.js";
import type { NewsMessage, PictureMessage } from "./recorder-messages.js";

type Heard = NewsMessage | PictureMessage;

/** Of a message without a picture, about. */
const MESSAGE_BYTES = 2000;

/** What was heard last, oldest first: bounded in time and in bytes. */
export class Recent {
  readonly #longest: Seconds;
  readonly #mostBytes: number;
  readonly #heard: Heard[] = [];
  #bytes = 0;

  constructor(longest: Seconds, mostBytes: number) {
    this.#longest = longest;
    this.#mostBytes = mostBytes;
  }

  add(heard: Heard): void {
    this.#heard.push(heard);
    this.#bytes += bytesOf(heard);
    const oldest = heard.publishedAt - this.#longest;
    for (let first = this.#heard[0]; first !== undefined; first = this.#heard[0]) {
      if (first.publishedAt >= oldest && this.#bytes <= this.#mostBytes) {
        return;
      }
      this.#heard.shift();
      this.#bytes -= bytesOf(first);
    }
  }

  /** Heard at or after an instant. */
  since(instant: number): readonly Heard[] {
    return this.#heard.filter(({ publishedAt }) => publishedAt >= instant);
  }
}

function bytesOf(heard: Heard): number {
  return MESSAGE_BYTES + (heard.kind === "picture" ? heard.jpeg.byteLength : 0);
}
