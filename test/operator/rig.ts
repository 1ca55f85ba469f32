import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Registry } from "prom-client";
import { WebSocket } from "ws";
import { OperatorClient } from "../../daemon/operator/client.js";
import { PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "../../daemon/operator/client-message.js";
import { type OperatorServer, startOperatorServer } from "../../daemon/operator/server.js";
import { type ServerMessage, type ServerMessageOf, serverMessage } from "../../daemon/operator/server-message.js";
import { TokenStore } from "../../daemon/operator/token-store.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { FakeBackend } from "./fake-backend.js";

/** A server over a fake daemon, on a port of its own. */
export interface Rig {
  readonly backend: FakeBackend;
  readonly server: OperatorServer;
  readonly token: string;
  readonly tokenFile: string;
  /** The file of tokens, as somebody on this machine sees it. */
  readonly tokens: TokenStore;
  readonly address: string;
  connect(name?: string): Promise<OperatorClient>;
  /** A bare WebSocket whose every message is checked against the schema. */
  raw(options?: { readonly token?: string | null; readonly origin?: string }): Promise<RawClient>;
  close(): Promise<void>;
}

/** Starts a rig. */
export async function startRig(
  backend = new FakeBackend(),
  port = 0,
  host = "127.0.0.1",
  wallTime: () => number = Date.now,
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "kinevla-operator-"));
  const tokenFile = join(folder, "token");
  const server = await startOperatorServer({
    backend,
    clock: hostClock,
    log: pino({ level: "silent" }),
    registry: new Registry(),
    host,
    port,
    tokens: { file: tokenFile, store: join(folder, "tokens.json"), role: "maintainer" },
    wallTime,
    audit: { record: (entry) => backend.audit.push(entry) },
    hosts: [],
    version: "0.0.0-test",
  });
  const tokens = new TokenStore(join(folder, "tokens.json"), wallTime);
  const token = (await readFile(tokenFile, "utf8")).trim();
  const address = `127.0.0.1:${server.port}`;
  const clients: OperatorClient[] = [];
  const raws: RawClient[] = [];
  return {
    backend,
    server,
    token,
    tokenFile,
    tokens,
    address,
    connect: async (name = "tester") => {
      const client = await OperatorClient.connect({ url: `ws://${address}`, token, name });
      clients.push(client);
      return client;
    },
    raw: async (options = {}) => {
      const offered = options.token === undefined ? token : options.token;
      const socket = new WebSocket(
        `ws://${address}`,
        offered === null ? [PROTOCOL] : [PROTOCOL, `${TOKEN_PROTOCOL_PREFIX}${offered}`],
        options.origin === undefined ? {} : { origin: options.origin },
      );
      const client = new RawClient(socket);
      raws.push(client);
      await client.next("hello");
      return client;
    },
    close: async () => {
      for (const raw of raws) {
        raw.socket.terminate();
      }
      await Promise.all(clients.map((client) => client.close()));
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Keeps what arrived and hands it out in order. */
export class RawClient {
  readonly socket: WebSocket;
  readonly received: ServerMessage[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #waiting = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("message", (bytes) => {
      this.received.push(serverMessage.parse(JSON.parse(String(bytes))));
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Takes the next message of a type, leaving others out; rejects when the connection ends first. */
  async next<Type extends ServerMessage["type"]>(type: Type): Promise<ServerMessageOf<Type>> {
    for (;;) {
      const message = this.received.shift();
      if (message === undefined) {
        if (this.socket.readyState === WebSocket.CLOSED) {
          throw new Error(`the connection ended before ${type} came`);
        }
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      } else if (isOfType(message, type)) {
        return message;
      }
    }
  }

  async ask(message: unknown): Promise<ServerMessageOf<"refused">> {
    this.send(message);
    return this.next("refused");
  }

  #wake(): void {
    for (const resolve of this.#waiting) {
      resolve();
    }
    this.#waiting.clear();
  }
}

function isOfType<Type extends ServerMessage["type"]>(
  message: ServerMessage,
  type: Type,
): message is ServerMessageOf<Type> {
  return message.type === type;
}
