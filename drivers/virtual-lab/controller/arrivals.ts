import type { Instant, JointPosition } from "../../../daemon/types/units.js";

/** One motion or stop command as it came off the wire. */
export interface Arrival {
  /** When the bytes were read. */
  readonly at: Instant;
  /** The command's name on the wire, for example `movej_canfd` or `set_arm_stop`. */
  readonly command: string;
  /** Counts connections since the controller started. */
  readonly client: number;
  /** Joint target in rad; null for commands without one. */
  readonly q: readonly number[] | null;
}

/** How often the rules for streaming were broken (vendor's movej_canfd page; limits in stream-rules.ts). */
export interface Violations {
  /** Frames of a high-follow stream that came more than 10 ms (and 1 ms of jitter) after the one before. */
  readonly period: number;
  /** Frames with a joint more than 10 degrees from the frame before. */
  readonly step: number;
  /** Frames asking for more than 180 deg/s. */
  readonly speed: number;
  /** Frames asking for more than 600 deg/s^2. */
  readonly acceleration: number;
  /** Streams whose first frame was more than 10 degrees from the present pose. */
  readonly start: number;
}

/** What arrived since the record was last cleared. */
export interface Arrivals {
  /** All arrivals, also those that no longer fit into `records`. */
  readonly total: number;
  /** The newest arrivals, oldest first. */
  readonly records: readonly Arrival[];
  readonly violations: Violations;
}

/** Arrivals kept; 327 s of a 100 Hz stream. */
const CAPACITY = 32_768;

/** Preallocated ring of arrivals; recording allocates nothing, so it does not disturb what it measures. */
export class ArrivalRecord {
  readonly #at = new Float64Array(CAPACITY);
  readonly #q = new Float64Array(CAPACITY * 7);
  readonly #client = new Uint32Array(CAPACITY);
  readonly #command: string[] = new Array<string>(CAPACITY).fill("");
  #total = 0;
  #violations = { period: 0, step: 0, speed: 0, acceleration: 0, start: 0 };

  add(at: Instant, command: string, client: number, q: JointPosition | null): void {
    const slot = this.#total % CAPACITY;
    this.#at[slot] = at;
    this.#command[slot] = command;
    this.#client[slot] = client;
    for (let joint = 0; joint < 7; joint += 1) {
      this.#q[slot * 7 + joint] = q === null ? Number.NaN : (q[joint] ?? Number.NaN);
    }
    this.#total += 1;
  }

  violate(rule: keyof Violations): void {
    this.#violations[rule] += 1;
  }

  read(): Arrivals {
    const records: Arrival[] = [];
    for (let n = Math.max(0, this.#total - CAPACITY); n < this.#total; n += 1) {
      const slot = n % CAPACITY;
      const q = [...this.#q.subarray(slot * 7, slot * 7 + 7)];
      records.push({
        at: this.#at[slot] ?? 0,
        command: this.#command[slot] ?? "",
        client: this.#client[slot] ?? 0,
        q: q.some(Number.isNaN) ? null : q,
      });
    }
    return { total: this.#total, records, violations: { ...this.#violations } };
  }

  clear(): void {
    this.#total = 0;
    this.#violations = { period: 0, step: 0, speed: 0, acceleration: 0, start: 0 };
  }
}
