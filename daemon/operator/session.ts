import type { Logger } from "pino";
import { Subscription } from "rxjs";
import type { RawData, WebSocket } from "ws";
import type { Clock } from "../ports/clock.js";
import type { Role } from "../types/role.js";
import type { AuditTrail } from "./audit-trail.js";
import type { OperatorBackend } from "./backend.js";
import { ClientLine } from "./client-line.js";
import type { ClientMessage } from "./client-message.js";
import type { ControlDesk, DeskClient } from "./control-desk.js";
import { followTopics } from "./follow-topics.js";
import { InboundLimit } from "./inbound-limit.js";
import type { OperatorMetrics } from "./metrics.js";
import { readMessage } from "./read-message.js";
import { RequestRecord } from "./request-record.js";
import { mayAsk, RIGHTS } from "./rights.js";
import type { ServerMessage } from "./server-message.js";
import type { StateFeed } from "./state-feed.js";
import { statusMessage } from "./status-message.js";
import { refusal } from "./to-message.js";
import type { Admittance, TokenRecord, TokenStore } from "./token-store.js";
import type { Entry } from "./upgrade-check.js";

// Interlocks: SE-02, SE-03, HO-09.

/** What all sessions share. */
export interface SessionContext {
  readonly backend: OperatorBackend;
  readonly clock: Clock;
  readonly desk: ControlDesk;
  readonly states: StateFeed;
  readonly tokens: TokenStore;
  readonly metrics: OperatorMetrics;
  readonly log: Logger;
  readonly audit: AuditTrail;
  readonly version: string;
  /** How many clients are connected. */
  clientCount(): number;
}

/** A stop is never limited; no stop is longer than this. */
const LONGEST_STOP = 1024;
/** Authentication must follow within this time (reference/safety.md §5, item 2). */
const AUTHENTICATE_WITHIN_MS = 2000;
/** Messages in a row that cannot be read before the connection ends (reference/safety.md §5, item 10). */
const MAXIMUM_UNREADABLE = 3;
/** Requests in a row beyond the client's role before the connection ends (reference/safety.md, SE-03). */
const MAXIMUM_FORBIDDEN = 3;
/** A connection that can only stop is let go after this time, so that the next one has room. */
const STOP_WITHIN_MS = 10_000;
/** Why a connection is dropped that nobody at its other end attends to. */
const UNHEARD = { slow: "it does not read", silent: "it does not answer" } as const;

/** One connection of one client: limits, authentication, requests and what it follows. */
export class OperatorSession implements DeskClient {
  readonly number: number;
  readonly #line: ClientLine;
  readonly #record: RequestRecord;
  readonly #context: SessionContext;
  #name: string;
  #token: TokenRecord | null = null;
  #admittance: Admittance | null = null;
  #stopOnly: Entry["stopOnly"];
  #forbidden = 0;
  readonly #limit: InboundLimit;
  #unreadable = 0;
  /** Until its line is closed nothing but a stop is looked at. */
  #isDropped = false;
  #following = Subscription.EMPTY;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, number: number, entry: Entry, context: SessionContext) {
    this.number = number;
    this.#name = `client ${number}`;
    this.#context = context;
    this.#record = new RequestRecord(context, () => ({ name: this.#name, token: this.#token }));
    this.#line = new ClientLine(socket, (why) => this.#record.dropped(why, UNHEARD[why]));
    this.#stopOnly = entry.stopOnly;
    const now = context.clock.now();
    this.#limit = new InboundLimit(now);
    this.#timer = setTimeout(() => this.#drop("not-authenticated", "no token came within 2 s"), AUTHENTICATE_WITHIN_MS);
    socket.on("message", (bytes, isBinary) => this.#receive(bytes, isBinary));
    socket.on("error", (error) =>
      context.log.info({ client: this.#name, error: error.message }, "operator link error"),
    );
    socket.on("close", () => this.#closed());
    const authenticated = entry.token !== null;
    this.send({ type: "hello", protocol: "kinevla.v1", version: context.version, authenticated, now });
    if (entry.token !== null) {
      this.#welcome(entry.token, null);
    }
  }

  get name(): string {
    return this.#name;
  }

  get isAuthenticated(): boolean {
    return this.#token !== null;
  }

  /** What the token allows; a viewer's rights before there is one. */
  get role(): Role {
    return this.#token?.role ?? "viewer";
  }

  /** True while it takes one of the few places of those who can only stop. */
  get isGuest(): boolean {
    return this.#stopOnly !== "no";
  }

  /** Looks whether the token is still good: an expired one only stops from now on, a revoked one ends the connection. */
  checkToken(): void {
    if (this.#admittance === null) {
      return;
    }
    const { tokens, clock } = this.#context;
    const found = tokens.review(this.#admittance, clock.now());
    if (found === "revoked") {
      this.#drop("bad-token", "the token has been revoked");
    } else if (found !== "expired") {
      this.#admittance = found;
    } else if (this.#stopOnly === "no") {
      this.#stopOnly = "token-expired";
      this.#following.unsubscribe();
      this.#context.desk.clientGone(this);
      this.send(refusal(null, "token-expired", "the token has expired; this connection can still stop the arm"));
    }
  }

  /** Sends a message, unless the client has stopped reading: it is then dropped. */
  send(message: ServerMessage): void {
    this.#line.send(JSON.stringify(message));
  }

  /** Asks for a sign of life; a connection that missed two is dropped. */
  ping(): void {
    this.#line.ping();
  }

  /** Ends the connection in order, and by force half a second later. */
  close(reason: string): void {
    this.#line.end(1001, reason);
  }

  #receive(bytes: RawData, isBinary: boolean): void {
    const text = isBinary ? "" : String(bytes);
    if (this.#isDropped) {
      this.#stopAtMost(text);
      return;
    }
    const isLimited = !this.#limit.admits(this.#context.clock.now());
    if (isLimited && !mayStop(text)) {
      this.#tooFast();
      return;
    }
    const reading = readMessage(text);
    if (reading.kind === "unreadable") {
      this.#unreadable += 1;
      this.#context.metrics.messages.inc({ type: "unreadable", result: reading.code });
      if (this.#unreadable >= MAXIMUM_UNREADABLE) {
        this.#drop(reading.code, `${reading.message}; ${MAXIMUM_UNREADABLE} such messages in a row`, reading.id);
      } else {
        this.send(refusal(reading.id, reading.code, reading.message));
      }
      return;
    }
    this.#unreadable = 0;
    if (isLimited && reading.message.type !== "stop") {
      this.#tooFast();
      return;
    }
    this.#handle(reading.message);
  }

  /** A stop counts from anyone with a token, also while the connection is being ended. */
  #stopAtMost(text: string): void {
    const reading = this.#token !== null && mayStop(text) ? readMessage(text) : null;
    if (reading !== null && reading.kind !== "unreadable" && reading.message.type === "stop") {
      this.#handle(reading.message);
    }
  }

  #handle(message: ClientMessage): void {
    if (message.type === "authenticate") {
      this.#authenticate(message);
      return;
    }
    if (this.#token === null) {
      this.#drop("not-authenticated", `${message.type} needs a token first`, message.id);
      return;
    }
    if (!this.#isAllowed(message)) {
      return;
    }
    switch (message.type) {
      case "stop":
        this.#context.backend.commands.stop(this.#name, message.reason);
        this.#context.log.warn({ client: this.#name, reason: message.reason }, "operator stop");
        this.#reply(message, { type: "accepted", id: message.id, detail: "the stop is on its way" });
        return;
      case "take-control":
        if (message.name !== undefined) {
          this.#name = message.name;
        }
        this.#reply(message, this.#context.desk.take(this, message.id));
        return;
      case "take-over":
        if (message.name !== undefined) {
          this.#name = message.name;
        }
        this.#reply(message, this.#context.desk.takeOver(this, message.id));
        return;
      case "allow-unattended":
        this.#context.backend.commands.allowUnattended(message.allowed, this.#name);
        this.#reply(message, { type: "accepted", id: message.id, detail: "state tells whether hold-to-run is needed" });
        return;
      case "subscribe":
        this.#reply(message, { type: "accepted", id: message.id, detail: message.topics.join(", ") });
        this.#following.unsubscribe();
        this.#following = followTopics(message, this.#context, {
          unreadBytes: () => this.#line.unreadBytes,
          sendText: (text) => this.#line.send(text),
        });
        return;
      case "status":
        this.#reply(message, statusMessage(message.id, this.#context));
        return;
      case "renew":
      case "release-control":
      case "instruct":
      case "pause":
      case "resume":
      case "replay":
      case "record":
      case "home":
      case "teleop":
      case "end-teleop":
      case "recover":
      case "acknowledge":
        void this.#context.desk.handle(this, message).then((reply) => {
          if (message.type === "renew") {
            this.#record.renewed(message, reply);
          }
          if (reply !== null) {
            this.#reply(message, reply);
          }
        });
        return;
    }
  }

  /** Answers what the client may not send, here and now. */
  #isAllowed(message: ClientMessage): boolean {
    const { type, id } = message;
    if (this.#stopOnly !== "no" && type !== "stop") {
      this.#reply(message, refusal(id, this.#stopOnly, `this connection can only stop, not ${type}`));
      return false;
    }
    const mode = this.#context.states.latest?.mode ?? "disconnected";
    switch (mayAsk(type, this.role, mode)) {
      case "yes":
        this.#forbidden = 0;
        return true;
      case "not-in-mode": {
        const modes = (RIGHTS[type][this.role] ?? []).join(" or ");
        this.#reply(message, refusal(id, "not-in-mode", `${type} is possible in ${modes}, and the mode is ${mode}`));
        return false;
      }
      case "not-your-role":
        this.#forbidden += 1;
        if (this.#forbidden >= MAXIMUM_FORBIDDEN) {
          this.#drop("not-your-role", `${this.role} may not ${type}; ${MAXIMUM_FORBIDDEN} such requests in a row`, id);
        } else {
          this.#reply(message, refusal(id, "not-your-role", `a ${this.role} may not ${type}`));
        }
        return false;
    }
  }

  #authenticate(message: Extract<ClientMessage, { type: "authenticate" }>): void {
    const { tokens } = this.#context;
    const token = tokens.find(message.token);
    const standing = token === null ? "revoked" : tokens.standing(token.id);
    if (token === null || standing === "revoked" || (this.#token !== null && token.id !== this.#token.id)) {
      this.#drop("bad-token", "the token is not the right one", message.id);
      return;
    }
    if (message.name !== undefined) {
      this.#name = message.name;
    }
    if (standing === "expired") {
      this.#stopOnly = "token-expired";
    }
    this.#welcome(token, message.id);
  }

  #welcome(token: TokenRecord, id: number | null): void {
    this.#token = token;
    this.#admittance ??= this.#context.tokens.admit(token, this.#context.clock.now());
    clearTimeout(this.#timer);
    if (this.#stopOnly !== "no") {
      this.#timer = setTimeout(() => this.close("this connection can only stop"), STOP_WITHIN_MS);
    }
    const status = this.#context.backend.status();
    this.send({
      type: "welcome",
      id,
      client: this.number,
      name: this.#name,
      role: token.role,
      stopOnly: this.#stopOnly !== "no",
      holder: this.#context.desk.holder?.name ?? null,
      instructions: [...(status.policy?.instructions ?? [])],
      limits: { minimum: [...status.limits.minimum], maximum: [...status.limits.maximum] },
    });
  }

  #reply(request: ClientMessage, reply: ServerMessage): void {
    this.#record.replied(request, reply);
    this.send(reply);
  }

  #tooFast(): void {
    const verdict = this.#limit.excess(this.#context.clock.now());
    if (verdict === "end") {
      this.#drop("too-fast", "messages keep coming far too fast");
    } else if (verdict === "tell") {
      this.#context.metrics.messages.inc({ type: "any", result: "too-fast" });
      this.send(refusal(null, "too-fast", "messages come too fast; this one and others are dropped unread"));
    }
  }

  #drop(code: Parameters<typeof refusal>[1], message: string, id: number | null = null): void {
    this.#isDropped = true;
    this.#record.dropped(code, message);
    this.send(refusal(id, code, message));
    this.#line.end(1008, message);
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#following.unsubscribe();
    this.#context.desk.clientGone(this);
  }
}

/** False for what can be no stop, without reading it. */
function mayStop(text: string): boolean {
  return text.length <= LONGEST_STOP && text.includes('"stop"');
}
