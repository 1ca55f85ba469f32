/** One part of a multipart stream. */
export interface Part {
  /** Header fields by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Longest header of a part; cameras take some 100 bytes. */
const MOST_HEADER = 8192;
/** Longest picture, bytes: 4K at the best quality takes less. */
const MOST_BODY = 16 * 1024 * 1024;

const HEADER_END = "\r\n\r\n";

/** The boundary that a content type names; null where it is not the one of an endless row of pictures. */
export function boundaryOf(contentType: string): string | null {
  const named = /^multipart\/x-mixed-replace\s*;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  const boundary = named?.[1] ?? named?.[2];
  // Some cameras count the two dashes to the name.
  return boundary === undefined ? null : boundary.replace(/^--/, "");
}

/** Cuts a multipart stream, in pieces of any size, into its parts: by their length where they tell it, else by the boundary. */
export class MultipartParser {
  readonly #delimiter: Buffer;
  #rest: Buffer = Buffer.alloc(0);
  /** The headers of the part whose body is awaited. */
  #headers: ReadonlyMap<string, string> | null = null;

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`--${boundary}`, "latin1");
  }

  /** Hands on the parts that `bytes` complete; then throws RangeError where what follows is no such stream. */
  push(bytes: Uint8Array, onPart: (part: Part) => void): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      this.#headers ??= this.#takeHeaders();
      const body = this.#headers === null ? null : this.#takeBody(this.#headers);
      if (this.#headers === null || body === null) {
        return;
      }
      const part = { headers: this.#headers, body };
      this.#headers = null;
      onPart(part);
    }
  }

  #takeHeaders(): ReadonlyMap<string, string> | null {
    const boundary = this.#rest.indexOf(this.#delimiter);
    const start = boundary + this.#delimiter.length;
    const end = boundary < 0 ? -1 : this.#rest.indexOf(HEADER_END, start);
    if ((end < 0 ? this.#rest.length : end) > MOST_HEADER) {
      throw new RangeError("no part begins where one should");
    }
    if (end < 0) {
      return null;
    }
    const lines = this.#rest.toString("latin1", start, end).split("\r\n");
    this.#rest = this.#rest.subarray(end + HEADER_END.length);
    return new Map(
      lines.flatMap((line) => {
        const colon = line.indexOf(":");
        return colon < 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const];
      }),
    );
  }

  #takeBody(headers: ReadonlyMap<string, string>): Buffer | null {
    const told = headers.get("content-length");
    const length =
      told === undefined ? this.#rest.indexOf(Buffer.concat([Buffer.from("\r\n"), this.#delimiter])) : Number(told);
    const awaited = told === undefined && length < 0;
    if (awaited ? this.#rest.length > MOST_BODY : !(Number.isInteger(length) && length >= 0 && length <= MOST_BODY)) {
      throw new RangeError(`a picture of ${told ?? "too many"} bytes`);
    }
    if (awaited || this.#rest.length < length) {
      return null;
    }
    const body = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return body;
  }
}
