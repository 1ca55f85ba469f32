import { hostClock } from "../../../daemon/ports/clock.js";
import { createRandom, type Random } from "../scene/random.js";
import { altered, flipped } from "./alter-datagram.js";
import { type DatagramFaults, HEALTHY_DATAGRAMS } from "./impairment.js";

/** The line that the state push takes: loses, doubles, delays, reorders and spoils datagrams. */
export class DatagramImpairer {
  readonly #emit: (datagram: Buffer, sampledAt: number) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #faults: DatagramFaults = HEALTHY_DATAGRAMS;
  #random: Random = createRandom(1);
  #toDrop = 0;
  /** The line is silent at least until then. */
  #silentUntil = Number.NEGATIVE_INFINITY;
  /** When the last datagram got through. */
  #emittedAt = hostClock.now();
  #toAlter = 0;
  /** When the first datagram was altered. */
  #alteredAt: number | null = null;

  /** `emit` puts a datagram on the wire; with it goes the instant at which it was made. */
  constructor(emit: (datagram: Buffer, sampledAt: number) => void) {
    this.#emit = emit;
  }

  set(faults: DatagramFaults): void {
    this.#faults = faults;
    this.#random = createRandom(faults.seed);
    this.#toDrop = countOf(faults.drop);
    this.#silentUntil = faults.drop === null ? Number.NEGATIVE_INFINITY : this.#emittedAt + faults.drop.seconds;
    this.#toAlter = countOf(faults.alter);
    this.#alteredAt = null;
  }

  /** Takes a datagram that was made at `sampledAt`; `period` is the time to the next one, s. */
  send(datagram: Buffer, sampledAt: number, period: number): void {
    const { loss, duplicate, corrupt, reorder, delay, alter } = this.#faults;
    if (this.#toDrop > 0 || hostClock.now() < this.#silentUntil) {
      this.#toDrop -= 1;
      return;
    }
    if (loss > 0 && this.#random.unit() < loss) {
      return;
    }
    let bytes = datagram;
    if (alter !== null && this.#toAlter > 0) {
      this.#toAlter -= 1;
      this.#alteredAt ??= sampledAt;
      bytes = altered(datagram, alter.how, sampledAt - this.#alteredAt);
    } else if (corrupt > 0 && this.#random.unit() < corrupt) {
      bytes = flipped(datagram, this.#random.unit());
    }
    const copies = duplicate > 0 && this.#random.unit() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.#later(delay + (reorder > 0 ? this.#random.unit() * reorder * period : 0), bytes, sampledAt);
    }
  }

  close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
  }

  #later(seconds: number, bytes: Buffer, sampledAt: number): void {
    const emit = (): void => {
      this.#emittedAt = hostClock.now();
      this.#emit(bytes, sampledAt);
    };
    if (seconds === 0) {
      emit();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      emit();
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}

function countOf(what: { readonly count: number | null } | null): number {
  return what === null ? 0 : (what.count ?? Number.POSITIVE_INFINITY);
}
