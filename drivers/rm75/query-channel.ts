import type { Clock } from "../../daemon/ports/clock.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { answers, type Query } from "./codec.js";
import type { JsonObject } from "./json-object.js";

/** A real controller answers within about 8 ms; the vendor's client gives up after 0.5 s. */
const ANSWER_TIMEOUT: Seconds = 1;

interface Pending {
  readonly query: Query<unknown>;
  settle(reply: JsonObject): void;
  fail(error: DriverError): void;
}

/**
 * Asks one question at a time. Replies carry no request id, so a late answer would be taken for the answer to the next
 * question: after a question without answer the channel is unusable, and its owner must drop the link.
 */
export class QueryChannel {
  readonly #write: (bytes: Buffer) => void;
  readonly #unasked: (message: JsonObject) => void;
  readonly #clock: Clock;
  #waitingSince: Instant = Infinity;
  #turn: Promise<unknown> = Promise.resolve();
  #pending: Pending | null = null;
  /** One of each kind that was asked. */
  #asked: readonly Query<unknown>[] = [];
  #failure: DriverError | null = null;

  /** `unasked` gets every message that answers no question. */
  constructor(write: (bytes: Buffer) => void, unasked: (message: JsonObject) => void, clock: Clock) {
    this.#clock = clock;
    this.#write = write;
    this.#unasked = unasked;
  }

  /** Since when a question waits for its answer; Infinity for none. */
  get waitingSince(): Instant {
    return this.#pending === null ? Infinity : this.#waitingSince;
  }

  /** True for a message that looks like the answer to a question of this channel. */
  hasAsked(message: JsonObject): boolean {
    return this.#asked.some((query) => answers(query, message));
  }

  /** Asks as soon as it is its turn; throws DriverError `no-answer`, `bad-answer`, or what the channel failed with. */
  ask<Answer>(query: Query<Answer>): Promise<Answer> {
    const turn = this.#turn.then(() => this.#askNow(query));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Takes a message from the link. */
  receive(message: JsonObject): void {
    const pending = this.#pending;
    if (pending !== null && answers(pending.query, message)) {
      this.#pending = null;
      pending.settle(message);
    } else {
      this.#unasked(message);
    }
  }

  /** Fails the present question and all that follow. */
  fail(error: DriverError): void {
    this.#failure ??= error;
    this.#pending?.fail(this.#failure);
    this.#pending = null;
  }

  #askNow<Answer>(query: Query<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      const { command, style, name } = query;
      if (!this.#asked.some((one) => one.style === style && one.name === name)) {
        this.#asked = [...this.#asked, query];
      }
      const timer = setTimeout(() => {
        this.fail(new DriverError("no-answer", `the arm does not answer ${command}`, { command }));
      }, ANSWER_TIMEOUT * 1000);
      this.#pending = {
        query,
        settle: (reply) => {
          clearTimeout(timer);
          const answer = query.read(reply);
          if (answer === null) {
            const text = JSON.stringify(reply);
            reject(new DriverError("bad-answer", `the arm answers ${command} with ${text}`, { command }));
          } else {
            resolve(answer);
          }
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waitingSince = this.#clock.now();
      this.#write(query.request);
    });
  }
}
