import { WebSocket } from "ws";
import { BEAT_PERIOD } from "./authority.js";
import { type ClientMessageText, PROTOCOL, TOKEN_PROTOCOL_PREFIX, type Topic } from "./client-message.js";
import { type ServerMessage, type ServerMessageOf, serverMessage } from "./server-message.js";

/** Why a client cannot talk to the daemon. */
export type OperatorLinkCode = "cannot-reach" | "turned-away" | "bad-token" | "link-lost" | "no-answer" | "bad-answer";

/** The link to the daemon failed: what happened and what to do. */
export class OperatorLinkError extends Error {
  override readonly name = "OperatorLinkError";
  readonly code: OperatorLinkCode;
  readonly hint: string;

  constructor(code: OperatorLinkCode, message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** Where the daemon is and who asks. */
export interface OperatorClientOptions {
  /** For example `ws://127.0.0.1:8787`. */
  readonly url: string;
  readonly token: string;
  /** How the client is called when it is in control. */
  readonly name: string;
}

/** Replies that carry the id of a request. */
export type Reply = ServerMessageOf<"accepted" | "refused" | "control-granted" | "status">;

/** A request without the fields that the client fills in. */
export type OperatorRequest = WithoutId<ClientMessageText>;

/** A request of whoever is in control, without the fields that the client fills in. */
export type HeldRequest = WithoutHold<Extract<ClientMessageText, { lease: number }>>;

type WithoutId<Message> = Message extends unknown ? Omit<Message, "id"> : never;
type WithoutHold<Message> = Message extends unknown ? Omit<Message, "id" | "lease" | "sequence"> : never;

const CONNECT_WITHIN_MS = 3000;
/** Above the time that the daemon takes to say that it got no answer itself. */
const ANSWER_WITHIN_MS = 7000;
const NOT_REACHED_HINT = "Is the daemon running, and is --url its operator address? The daemon prints it at start.";

/** One connection to the daemon; it is never opened again by itself. */
export class OperatorClient {
  readonly welcome: ServerMessageOf<"welcome">;
  /** Resolves with words on why the connection ended. */
  readonly closed: Promise<string>;
  readonly #socket: WebSocket;
  readonly #name: string;
  readonly #listeners = new Set<(message: ServerMessage) => void>();
  readonly #pending = new Map<number, (reply: Reply | OperatorLinkError) => void>();
  #nextId = 1;
  #state: ServerMessageOf<"state"> | null = null;
  #held = false;
  #lease: { readonly number: number; readonly beats: NodeJS.Timeout; sequence: number } | null = null;

  private constructor(socket: WebSocket, name: string, welcome: ServerMessageOf<"welcome">) {
    this.#socket = socket;
    this.#name = name;
    this.welcome = welcome;
    socket.on("message", (bytes) => this.#receive(String(bytes)));
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        const words = reason.length > 0 ? reason.toString() : `connection closed (${code})`;
        this.#endLease();
        for (const settle of this.#pending.values()) {
          settle(new OperatorLinkError("link-lost", `The daemon closed the connection: ${words}.`, NOT_REACHED_HINT));
        }
        this.#pending.clear();
        resolve(words);
      });
    });
  }

  /** Connects and authenticates; rejects with OperatorLinkError. */
  static connect(options: OperatorClientOptions): Promise<OperatorClient> {
    return new Promise((resolve, reject) => {
      const fail = (code: OperatorLinkCode, message: string, hint: string, cause?: unknown): void => {
        clearTimeout(timer);
        socket.terminate();
        reject(new OperatorLinkError(code, message, hint, cause));
      };
      const socket = new WebSocket(options.url, [PROTOCOL, `${TOKEN_PROTOCOL_PREFIX}${options.token}`], {
        handshakeTimeout: CONNECT_WITHIN_MS,
        perMessageDeflate: false,
        maxPayload: 4 * 1024 * 1024,
      });
      socket.on("error", (error) => {
        fail("cannot-reach", `No daemon answers at ${options.url}: ${error.message}.`, NOT_REACHED_HINT, error);
      });
      socket.once("unexpected-response", (_request, response) => {
        let body = "";
        response.on("data", (bytes: Buffer) => {
          body += bytes.toString();
        });
        response.on("end", () => {
          const isToken = response.statusCode === 401;
          const hint = isToken ? "Name the daemon's token file with --token-file." : NOT_REACHED_HINT;
          fail(isToken ? "bad-token" : "turned-away", body.trim() || `HTTP ${response.statusCode}`, hint);
        });
      });
      const timer = setTimeout(() => {
        fail("cannot-reach", `${options.url} lets nobody in.`, NOT_REACHED_HINT);
      }, CONNECT_WITHIN_MS);
      socket.once("close", (_code, reason) => {
        fail("turned-away", `The daemon closed the connection: ${reason.toString()}.`, NOT_REACHED_HINT);
      });
      const greet = (bytes: unknown): void => {
        const message = readServerMessage(String(bytes));
        if (message?.type === "welcome") {
          clearTimeout(timer);
          socket.off("message", greet);
          resolve(new OperatorClient(socket, options.name, message));
        } else if (message?.type !== "hello") {
          fail("bad-answer", `What answers at ${options.url} does not speak ${PROTOCOL}.`, NOT_REACHED_HINT);
        }
      };
      socket.on("message", greet);
    });
  }

  /** True while this client holds control and beats. */
  get isInControl(): boolean {
    return this.#lease !== null;
  }

  /** The newest state that was received; null before the first. */
  get state(): ServerMessageOf<"state"> | null {
    return this.#state;
  }

  /** Calls back with every message; returns how to end that. */
  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a request and waits for its reply; rejects with OperatorLinkError. */
  request(request: OperatorRequest): Promise<Reply> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(new OperatorLinkError("no-answer", `The daemon did not answer ${request.type}.`, NOT_REACHED_HINT));
      }, ANSWER_WITHIN_MS);
      const settle = (reply: Reply | OperatorLinkError): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
        if (reply instanceof OperatorLinkError) {
          reject(reply);
        } else {
          resolve(reply);
        }
      };
      this.#pending.set(id, settle);
      if (this.#socket.readyState === WebSocket.OPEN) {
        this.#socket.send(JSON.stringify({ ...request, id }));
      } else {
        settle(new OperatorLinkError("link-lost", "The connection to the daemon is closed.", NOT_REACHED_HINT));
      }
    });
  }

  /** Stops the arm; needs no control. */
  stop(reason: string): Promise<Reply> {
    return this.request({ type: "stop", reason });
  }

  /** Chooses what to follow; following state is needed to stay in control. */
  subscribe(topics: readonly Topic[], rateHz = 20): Promise<Reply> {
    return this.request({ type: "subscribe", topics: [...topics], rateHz });
  }

  /** Asks for control and, if granted, beats until it is released or lost. */
  takeControl(): Promise<Reply> {
    return this.#take("take-control");
  }

  /** The same, also from somebody who holds it; for supervisors. */
  takeOver(): Promise<Reply> {
    return this.#take("take-over");
  }

  async #take(type: "take-control" | "take-over"): Promise<Reply> {
    const reply = await this.request({ type, name: this.#name });
    if (reply.type === "control-granted") {
      this.#endLease();
      const beats = setInterval(() => this.#beat(), BEAT_PERIOD * 1000);
      this.#lease = { number: reply.lease, beats, sequence: 0 };
    }
    return reply;
  }

  /** Presses or lets go hold-to-run; the daemon is told at once, then with every beat. */
  hold(held: boolean): void {
    this.#held = held;
    if (this.#lease !== null) {
      this.#beat();
    }
  }

  /** Sends a request that needs control; the daemon refuses it without. */
  requestInControl(request: HeldRequest): Promise<Reply> {
    return this.request({ ...request, ...this.#hold() });
  }

  /** Gives control back. */
  async releaseControl(): Promise<Reply> {
    const reply = await this.requestInControl({ type: "release-control" });
    this.#endLease();
    return reply;
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.#endLease();
    this.#socket.close(1000);
    const timer = setTimeout(() => this.#socket.terminate(), 500);
    await this.closed;
    clearTimeout(timer);
  }

  #hold(): { readonly lease: number; readonly sequence: number } {
    if (this.#lease === null) {
      // No lease has this number, so the daemon says what is missing.
      return { lease: 1, sequence: 0 };
    }
    this.#lease.sequence += 1;
    return { lease: this.#lease.number, sequence: this.#lease.sequence };
  }

  #beat(): void {
    if (this.#socket.readyState === WebSocket.OPEN) {
      const beat = {
        type: "renew",
        id: this.#nextId++,
        ...this.#hold(),
        seen: this.#state?.sequence ?? 0,
        held: this.#held,
      };
      this.#socket.send(JSON.stringify(beat));
    }
  }

  #endLease(): void {
    clearInterval(this.#lease?.beats);
    this.#lease = null;
    this.#held = false;
  }

  #receive(text: string): void {
    const message = readServerMessage(text);
    if (message === null) {
      this.#socket.close(1003, "not a kinevla.v1 message");
      return;
    }
    if (message.type === "state") {
      this.#state = message;
    } else if (message.type === "control" && !message.yours) {
      this.#endLease();
    }
    for (const listener of this.#listeners) {
      listener(message);
    }
    if (
      message.type === "accepted" ||
      message.type === "refused" ||
      message.type === "control-granted" ||
      message.type === "status"
    ) {
      this.#pending.get(message.id ?? -1)?.(message);
    }
  }
}

function readServerMessage(text: string): ServerMessage | null {
  try {
    const parsed = serverMessage.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
