import { get, type IncomingMessage } from "node:http";
import type { Instant, Seconds } from "../../daemon/types/units.js";

const HEADER_END = "\r\n\r\n";
/** After each picture. */
const PART_END = 2;

/** Watches a camera of the virtual lab beside the daemon and notes what the lab says of when each picture was exposed. */
export class ExposureWitness {
  readonly #exposures: Instant[] = [];
  readonly #response: IncomingMessage;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(response: IncomingMessage) {
    this.#response = response;
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
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const end = this.#rest.indexOf(HEADER_END);
      if (end < 0) {
        return;
      }
      const header = this.#rest.toString("latin1", 0, end);
      const [length, exposedAt] = [/Content-Length: (\d+)/, /X-Exposed-At: ([\d.]+)/].map((field) =>
        Number(field.exec(header)?.[1]),
      );
      if (length === undefined || exposedAt === undefined || Number.isNaN(length + exposedAt)) {
        throw new Error(`the virtual lab's camera does not say when a picture was exposed: ${header}`);
      }
      const next = end + HEADER_END.length + length + PART_END;
      if (this.#rest.length < next) {
        return;
      }
      this.#exposures.push(exposedAt);
      this.#rest = this.#rest.subarray(next);
    }
  }
}

/**
 * How long after its exposure each picture was stamped: no picture is older than its stamp, no two are of one exposure, and
 * each is taken as the newest that this leaves. Both lists are in order of time. NaN for one without exposure.
 */
export function pictureAges(stamps: readonly Instant[], exposures: readonly Instant[]): readonly Seconds[] {
  let free = exposures.length;
  return stamps
    .toReversed()
    .map((stamp) => {
      do {
        free -= 1;
      } while (free >= 0 && (exposures[free] ?? Number.NaN) > stamp);
      return stamp - (exposures[free] ?? Number.NaN);
    })
    .toReversed();
}
