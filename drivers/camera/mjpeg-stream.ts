import { get, type IncomingMessage } from "node:http";
import { boundaryOf, MultipartParser } from "./multipart.js";

/** A stream that says nothing for so long is over. */
const SILENCE_MS = 1000;

/** A picture as it came. */
export interface JpegPicture {
  readonly jpeg: Buffer;
  /** When it was exposed, s of the host's monotonic clock, as the camera says; NaN where it does not. */
  readonly told: number;
  /** Pictures since the one that was given before that were not given, because this one was newer. */
  readonly missed: number;
}

/** An open stream of JPEG pictures. */
export interface MjpegStream {
  /** The newest picture that was not given yet, as soon as there is one; null when the stream is over. */
  next(): Promise<JpegPicture | null>;
  close(): void;
}

/**
 * Opens an address of JPEG pictures over HTTP (`multipart/x-mixed-replace`); null where the camera answers something else,
 * which FFmpeg may know. Rejects when it does not answer.
 *
 * A camera server on this machine may tell when each picture was exposed, as mjpg-streamer does with the time of the V4L2
 * buffer: `X-Timestamp: seconds.microseconds`, on the monotonic clock. Another machine's clock is not ours and not read.
 */
export function openMjpeg(url: string): Promise<MjpegStream | null> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: SILENCE_MS }, (response) => {
      const boundary = response.statusCode === 200 ? boundaryOf(response.headers["content-type"] ?? "") : null;
      if (boundary === null) {
        request.destroy();
        resolve(null);
      } else {
        resolve(new HttpMjpegStream(response, boundary));
      }
    });
    request.once("timeout", () => request.destroy(new Error(`it is silent for ${SILENCE_MS} ms`)));
    request.on("error", reject);
  });
}

class HttpMjpegStream implements MjpegStream {
  readonly #response: IncomingMessage;
  #newest: JpegPicture | null = null;
  #over = false;
  #wake: () => void = () => undefined;

  constructor(response: IncomingMessage, boundary: string) {
    this.#response = response;
    const parser = new MultipartParser(boundary);
    const own = /^(?:::ffff:)?127\.|^::1$/.test(response.socket.remoteAddress ?? "");
    response.on("data", (bytes: Buffer) => {
      try {
        parser.push(bytes, ({ headers, body }) => {
          const told = own ? Number(headers.get("x-timestamp") ?? Number.NaN) : Number.NaN;
          this.#newest = { jpeg: body, told, missed: this.#newest === null ? 0 : this.#newest.missed + 1 };
          this.#wake();
        });
      } catch (error) {
        response.destroy(error instanceof Error ? error : undefined);
      }
    });
    // 'close' follows: the stream is over.
    response.on("error", () => response.destroy());
    response.on("close", () => {
      this.#over = true;
      this.#wake();
    });
  }

  async next(): Promise<JpegPicture | null> {
    while (this.#newest === null && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const picture = this.#newest;
    this.#newest = null;
    return picture;
  }

  close(): void {
    this.#response.destroy();
  }
}
