import { get, type IncomingMessage } from "node:http";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { boundaryOf, MultipartParser } from "../../drivers/camera/multipart.js";

/** Watches a camera of the virtual lab beside the daemon and notes what the lab says of when each picture was exposed. */
export class ExposureWitness {
  readonly #exposures: Instant[] = [];
  readonly #response: IncomingMessage;
  readonly #parts: MultipartParser;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.#parts = new MultipartParser(boundaryOf(response.headers["content-type"] ?? "") ?? "");
    response.on("data", (bytes: Buffer) => this.#take(bytes));
    // The lab may end before this does.
    response.on("error", () => undefined);
  }

  /** Begins at the camera's address; rejects where it does not answer. */
  static watch(url: string): Promise<ExposureWitness> {
    return new Promise((resolve, reject) => {
      get(url, { agent: false }, (response) => resolve(new ExposureWitness(response))).once("error", reject);
    });
  }

  /** In their order, from the beginning. */
  get exposures(): readonly Instant[] {
    return this.#exposures;
  }

  close(): void {
    this.#response.destroy();
  }

  #take(bytes: Buffer): void {
    this.#parts.push(bytes, ({ headers }) => {
      const exposedAt = Number(headers.get("x-timestamp") ?? Number.NaN);
      if (Number.isNaN(exposedAt)) {
        throw new Error("the virtual lab's camera does not say when a picture was exposed");
      }
      this.#exposures.push(exposedAt);
    });
  }
}

/**
 * How far each stamp is from the exposure next to it, s; NaN for one whose exposure an earlier stamp has already. Both lists
 * are in order of time.
 */
export function offExposure(stamps: readonly Instant[], exposures: readonly Instant[]): readonly Seconds[] {
  let free = 0;
  return stamps.map((stamp) => {
    const off = (place: number): Seconds => Math.abs((exposures[place] ?? Number.NaN) - stamp);
    while (off(free + 1) <= off(free)) {
      free += 1;
    }
    free += 1;
    return off(free - 1);
  });
}
