import { connectOperator, need } from "../../../daemon/cli/operator-link.js";
import type { HeldRequest, OperatorClient, OperatorRequest, Reply } from "../../../daemon/operator/client.js";
import type { ServerMessage, ServerMessageOf } from "../../../daemon/operator/server-message.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { OperatorEvent, Report } from "../history/run-history.js";

/** A client of the daemon whose words and what it hears are recorded. */
export class RecordedOperator {
  readonly name: string;
  readonly client: OperatorClient;
  events: OperatorEvent[] = [];
  reports: Report[] = [];
  chunks: ServerMessageOf<"chunk">[] = [];
  /** The chunk that was accepted last, however long ago. */
  followed: ServerMessageOf<"chunk"> | null = null;
  state: ServerMessageOf<"state"> | null = null;
  /** The connection is gone. */
  ended = false;
  #asked = 0;
  #lease: number | null = null;

  private constructor(name: string, client: OperatorClient) {
    this.name = name;
    this.client = client;
    client.onMessage((message) => this.#hear(message));
    void client.closed.then(() => {
      this.ended = true;
    });
  }

  static async connect(name: string, url: string, tokenFile: string): Promise<RecordedOperator> {
    const operator = new RecordedOperator(name, await connectOperator({ url, tokenFile, name }));
    await need(operator.client.subscribe(["state", "chunks", "faults", "progress"], 50), "accepted");
    return operator;
  }

  /** Asks something and records both ways; rejects where the link is lost. */
  request(request: OperatorRequest): Promise<Reply> {
    return this.#record(request.type, this.client.request(request));
  }

  /** The same with the lease that this client holds. */
  held(request: HeldRequest): Promise<Reply> {
    return this.#record(request.type, this.client.requestInControl(request));
  }

  takeControl(): Promise<Reply> {
    return this.#record("take-control", this.client.takeControl());
  }

  /** The same, from whoever has it. */
  takeOver(): Promise<Reply> {
    return this.#record("take-over", this.client.takeOver());
  }

  releaseControl(): Promise<Reply> {
    return this.#record("release-control", this.client.releaseControl());
  }

  stop(reason: string): Promise<Reply> {
    return this.#record("stop", this.client.stop(reason));
  }

  /** Resolves with the first message from now on that fits; rejects after `withinMs`. */
  next<T extends ServerMessage["type"]>(
    type: T,
    fits: (message: ServerMessageOf<T>) => boolean,
    withinMs: number,
  ): Promise<ServerMessageOf<T>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        unlisten();
        reject(new Error(`${this.name}: no fitting ${type} message within ${withinMs} ms`));
      }, withinMs);
      const unlisten = this.client.onMessage((message) => {
        if (isOfType(message, type) && fits(message)) {
          clearTimeout(timer);
          unlisten();
          resolve(message);
        }
      });
    });
  }

  async #record(type: string, pending: Promise<Reply>): Promise<Reply> {
    this.#asked += 1;
    const id = this.#asked;
    const at = hostClock.now();
    this.events.push({ at, client: this.name, direction: "sent", type, id, lease: this.#lease });
    const reply = await pending;
    if (reply.type === "control-granted") {
      this.#lease = reply.lease;
    }
    const heard = { at: hostClock.now(), client: this.name, direction: "heard", id, lease: this.#lease } as const;
    this.events.push({ ...heard, type: reply.type });
    return reply;
  }

  #hear(message: ServerMessage): void {
    if (message.type === "state") {
      const { at, mode, epoch, source, stops } = message;
      this.state = message;
      this.reports.push({ at, mode, epoch, source, stops });
    } else if (message.type === "chunk") {
      this.chunks.push(message);
      this.followed = message.accepted ? message : this.followed;
    }
  }
}

function isOfType<T extends ServerMessage["type"]>(message: ServerMessage, type: T): message is ServerMessageOf<T> {
  return message.type === type;
}
