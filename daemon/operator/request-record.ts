import type { Logger } from "pino";
import type { Role } from "../types/role.js";
import type { AuditTrail } from "./audit-trail.js";
import type { ClientMessage } from "./client-message.js";
import type { OperatorMetrics } from "./metrics.js";
import type { ServerMessage } from "./server-message.js";
import type { StateFeed } from "./state-feed.js";

/** Of a record; an instruction is shorter. */
const LONGEST_DETAIL = 600;

/** Who asks, as records name them. */
export interface Asker {
  readonly name: string;
  readonly token: { readonly id: string; readonly role: Role } | null;
}

/** Where it is put down, and what the arm does meanwhile. */
interface RecordContext {
  readonly audit: AuditTrail;
  readonly states: StateFeed;
  readonly metrics: OperatorMetrics;
  readonly log: Logger;
}

/** What one client asked for and what came of it, for the audit trail, the log and the metrics. */
export class RequestRecord {
  readonly #context: RecordContext;
  readonly #asker: () => Asker;
  #held = false;
  /** The last refusal that was recorded: of a run of equal ones only the first is. */
  #refused = "";

  constructor(context: RecordContext, asker: () => Asker) {
    this.#context = context;
    this.#asker = asker;
  }

  /** Puts down what a request was answered with. */
  replied(request: ClientMessage, reply: ServerMessage): void {
    const { log, metrics } = this.#context;
    const client = this.#asker().name;
    const result = resultOf(reply);
    metrics.messages.inc({ type: request.type, result });
    // Programs and the page ask for these again and again.
    const isRoutine = request.type === "status" || request.type === "subscribe";
    const lease = "lease" in request ? request.lease : reply.type === "control-granted" ? reply.lease : null;
    if (reply.type === "refused") {
      if (this.#refused !== `${request.type} ${reply.code}`) {
        this.#refused = `${request.type} ${reply.code}`;
        this.#note(request.type, reply.message, reply.code, lease);
      }
      // Only what was accepted is of bounded length.
      log.info({ client, type: request.type, result, message: reply.message }, "operator refused");
    } else if (!isRoutine) {
      this.#refused = "";
      this.#note(request.type, whatElse(request), "accepted", lease);
      log.info({ client, request, result }, "operator request");
    }
  }

  /** Puts down when hold-to-run is pressed and when it is let go, of all the heartbeats that say so. */
  renewed({ held, lease }: Extract<ClientMessage, { type: "renew" }>, reply: ServerMessage | null): void {
    if (held !== this.#held) {
      this.#held = held;
      this.#note("hold-to-run", held ? "pressed" : "let go", reply === null ? "accepted" : resultOf(reply), lease);
    }
  }

  /** Puts down that the connection is ended, and why. */
  dropped(reason: string, message: string): void {
    this.#context.metrics.dropped.inc({ reason });
    this.#note("connection", message, reason, null);
    this.#context.log.warn({ client: this.#asker().name, code: reason, message }, "operator dropped");
  }

  /** One line of the audit trail. */
  #note(what: string, detail: string, result: string, lease: number | null): void {
    const { audit, states } = this.#context;
    const { name, token } = this.#asker();
    audit.record({
      ...{ who: name, token: token?.id ?? null, role: token?.role ?? null },
      ...{ lease, epoch: states.latest?.message.epoch ?? null, what, detail: detail.slice(0, LONGEST_DETAIL), result },
    });
  }
}

function resultOf(reply: ServerMessage): string {
  return reply.type === "refused" ? reply.code : "accepted";
}

/** What a request says besides who asks and in which place. */
function whatElse(request: ClientMessage): string {
  const known = ["type", "id", "lease", "sequence", "name", "token", "seen"];
  return Object.entries(request)
    .filter(([key]) => !known.includes(key))
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ");
}
