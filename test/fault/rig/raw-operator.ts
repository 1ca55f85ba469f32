import { request } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "../../../daemon/operator/client-message.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { Instant, Seconds } from "../../../daemon/types/units.js";

/** A WebSocket to the daemon that says what it is told, right or wrong. */
export interface RawOperator {
  readonly socket: WebSocket;
  /** Everything heard, as text. */
  readonly heard: readonly string[];
  say(message: object | string | Buffer): void;
  /** The first answer with this id, or null after `within`. */
  answer(id: number, within: Seconds): Promise<{ readonly [field: string]: unknown } | null>;
  /** Close code and when, or null after `within`. */
  closed(within: Seconds): Promise<{ readonly code: number; readonly at: Instant } | null>;
}

/** Connects with a token; rejects where the handshake is refused. */
export async function rawOperator(url: string, token: string): Promise<RawOperator> {
  const socket = new WebSocket(url, [PROTOCOL, `${TOKEN_PROTOCOL_PREFIX}${token}`], { perMessageDeflate: false });
  const heard: string[] = [];
  let closed: { readonly code: number; readonly at: Instant } | null = null;
  socket.on("message", (bytes) => heard.push(String(bytes)));
  socket.on("close", (code) => {
    closed = { code, at: hostClock.now() };
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => undefined);
  return {
    socket,
    heard,
    say: (message) => {
      const isText = typeof message === "string" || Buffer.isBuffer(message);
      socket.send(isText ? message : JSON.stringify(message));
    },
    answer: (id, within) => until(() => parsed(heard).find((message) => message.id === id) ?? null, within),
    closed: (within) => until(() => closed, within),
  };
}

function parsed(heard: readonly string[]): readonly { readonly [field: string]: unknown }[] {
  return heard.map((text) => JSON.parse(text) as { readonly [field: string]: unknown });
}

async function until<T>(look: () => T | null, within: Seconds): Promise<T | null> {
  const end = hostClock.now() + within;
  for (;;) {
    const found = look();
    if (found !== null || hostClock.now() > end) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What came of a handshake: 101 and a socket for whoever is let in, another status, or 0 for a dropped connection. */
export interface Handshake {
  readonly status: number;
  readonly socket: Duplex | null;
}

/** Asks to be let in with these headers. */
export function handshake(host: string, port: number, headers: Readonly<Record<string, string>>): Promise<Handshake> {
  return new Promise((resolve) => {
    const asked = request({
      ...{ host, port, path: "/" },
      headers: {
        ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
        "sec-websocket-key": Buffer.alloc(16, 1).toString("base64"),
        ...headers,
      },
    });
    asked.on("upgrade", (_response, socket) => {
      socket.on("error", () => undefined);
      resolve({ status: 101, socket });
    });
    asked.on("response", (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, socket: null });
    });
    asked.on("error", () => resolve({ status: 0, socket: null }));
    asked.end();
  });
}

/** The beginning of a client's frame (RFC 6455 §5.2): its first byte, how long its payload claims to be, a mask of zeros. */
export function frameHead(first: number, length: number): Buffer {
  const masked = 0x80;
  const long = 127;
  const head =
    length < 126 ? Buffer.of(first, masked | length) : Buffer.of(first, masked | long, 0, 0, 0, 0, 0, 0, 0, 0);
  if (length >= 126) {
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, Buffer.alloc(4)]);
}

/** Opens so many connections that say the beginning of a request and then nothing; gives how to end them. */
export function slowLoris(host: string, port: number, count: number): () => void {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ host, port });
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: ");
    return socket;
  });
  return () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
}
