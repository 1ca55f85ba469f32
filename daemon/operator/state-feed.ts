import type { Observable, Subscription } from "rxjs";
import type { ArmReport } from "../types/arm-link.js";
import type { Mode } from "../types/mode.js";
import type { Instant, Seconds } from "../types/units.js";
import type { ServerMessageOf } from "./server-message.js";
import { stateMessage } from "./to-message.js";

/** A beat that echoes a state older than this comes from a frozen view (reference/safety.md, OP-01). */
export const OLDEST_SEEN_STATE: Seconds = 0.5;

/** One state message, written once for all who follow. */
export interface StateFrame {
  readonly sequence: number;
  readonly at: Instant;
  readonly mode: Mode;
  readonly message: ServerMessageOf<"state">;
  readonly text: string;
}

/** Numbers the reports of the arm process and knows which numbers are fresh. */
export class StateFeed {
  #latest: StateFrame | null = null;
  /** Numbers of the last half second, oldest first. */
  #recent: readonly { readonly sequence: number; readonly at: Instant }[] = [];
  readonly #listeners = new Set<(frame: StateFrame) => void>();
  readonly #subscription: Subscription;

  constructor(reports: Observable<ArmReport>, now: () => Instant) {
    this.#subscription = reports.subscribe((report) => this.#number(report, now()));
  }

  get latest(): StateFrame | null {
    return this.#latest;
  }

  /** Calls back with every frame; returns how to end that. */
  follow(listener: (frame: StateFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a client that saw this number last still sees what the arm does. */
  isFresh(seen: number, now: Instant): boolean {
    const latest = this.#latest;
    if (latest === null || seen >= latest.sequence) {
      return latest === null ? seen === 0 : seen === latest.sequence;
    }
    return this.#recent.some((frame) => frame.sequence === seen && now - frame.at <= OLDEST_SEEN_STATE);
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#listeners.clear();
  }

  #number(report: ArmReport, now: Instant): void {
    const sequence = (this.#latest?.sequence ?? 0) + 1;
    const message = stateMessage(sequence, report);
    const frame = { sequence, at: now, mode: report.mode, message, text: JSON.stringify(message) };
    this.#latest = frame;
    this.#recent = [...this.#recent.filter(({ at }) => now - at <= OLDEST_SEEN_STATE), { sequence, at: now }];
    for (const listener of this.#listeners) {
      listener(frame);
    }
  }
}
