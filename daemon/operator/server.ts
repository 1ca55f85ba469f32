import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { type ServerOptions, WebSocketServer } from "ws";
import type { Clock } from "../ports/clock.js";
import type { Mode } from "../types/mode.js";
import type { Role } from "../types/role.js";
import type { AuditTrail } from "./audit-trail.js";
import type { OperatorBackend } from "./backend.js";
import { PROTOCOL } from "./client-message.js";
import { ControlDesk } from "./control-desk.js";
import { httpRoutes } from "./http.js";
import { isLoopback, listen } from "./listen.js";
import { operatorMetrics } from "./metrics.js";
import { OperatorSocket } from "./operator-socket.js";
import { MAXIMUM_MESSAGE_BYTES } from "./refusal.js";
import { OperatorSession, type SessionContext } from "./session.js";
import { OperatorStartError } from "./start-error.js";
import { StateFeed } from "./state-feed.js";
import { fullBucket, type RateLimit, takeToken } from "./token-bucket.js";
import { keepTokenFile } from "./token-file.js";
import { type TokenRecord, TokenStore } from "./token-store.js";
import { watchUnattended } from "./unattended.js";
import { checkUpgrade, type Room } from "./upgrade-check.js";

// Interlocks: SE-04.

/** What the operator server is started with. */
export interface OperatorServerOptions {
  readonly backend: OperatorBackend;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the server's metrics and is served at /metrics. */
  readonly registry: Registry;
  /** A loopback address. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Holds a good token while the daemon runs; what every token may do stands in `store`. */
  readonly tokens: { readonly file: string; readonly role: Role; readonly store: string };
  /** In ms since 1970, for the expiry of tokens. */
  readonly wallTime?: () => number;
  readonly audit: AuditTrail;
  /** Further names, with port, under which a proxy or tunnel reaches the server, for example `lab-pc:8443`. */
  readonly hosts: readonly string[];
  readonly version: string;
  /** Told who is in control, by name, whenever that changes; null for nobody. */
  readonly onControl?: (holder: string | null) => void;
}

/** A running operator server. */
export interface OperatorServer {
  readonly port: number;
  /** Address of the page. */
  readonly url: string;
  /** Ends every connection; the lease, if any, ends with them. */
  close(): Promise<void>;
}

/** reference/safety.md §5, item 8. */
const MAXIMUM_CLIENTS = 64;
/** On top of these, for connections that can only stop. */
const MAXIMUM_GUESTS = 16;
/** TCP connections, also silent ones: 500 of those must not keep a stop out (reference/safety.md §4.2, case 93). */
const MAXIMUM_SOCKETS = 1024;
/** Handshakes that show no good token. All come from this machine, so that their address tells nothing. */
const STRANGERS: RateLimit = { rate: 5, burst: 20 };
/** Connections turned away that are recorded; more say nothing new. */
const RECORDED_STRANGERS: RateLimit = { rate: 1, burst: 20 };
const TOKEN_CHECK_MS = 250;
const PING_PERIOD_MS = 5000;
/** A tenth of the lease's time to live. */
const EXPIRY_CHECK_MS = 100;
/** Connections still open this long after the end are cut. */
const CLOSE_WITHIN_MS = 500;

/** reference/safety.md §5, item 7; @types/ws does not know maxBufferedChunks. */
const WEBSOCKET_LIMITS: ServerOptions & { readonly maxBufferedChunks: number } = {
  noServer: true,
  maxPayload: MAXIMUM_MESSAGE_BYTES,
  maxFragments: 16,
  maxBufferedChunks: 256,
  perMessageDeflate: false,
  skipUTF8Validation: false,
  clientTracking: false,
  handleProtocols: () => PROTOCOL,
};

/** Starts page, health routes and WebSocket on one loopback port; throws OperatorStartError. */
export async function startOperatorServer(options: OperatorServerOptions): Promise<OperatorServer> {
  const { backend, clock, log } = options;
  if (!isLoopback(options.host)) {
    throw new OperatorStartError(
      "not-loopback",
      `The operator server does not listen on ${options.host}: its connections are not encrypted.`,
      `Set the operator host to 127.0.0.1 and reach it from elsewhere by a tunnel: ssh -L ${options.port}:127.0.0.1:${options.port} <this machine>`,
    );
  }
  const tokens = new TokenStore(options.tokens.store, options.wallTime);
  const keepToken = (): TokenRecord => keepTokenFile(tokens, options.tokens.file, options.tokens.role);
  let kept = keepToken();
  const metrics = operatorMetrics(options.registry);
  const states = new StateFeed(backend.streams.arm, () => clock.now());
  const sessions = new Set<OperatorSession>();
  const record = (what: string, who: string, detail: string, result: string): void => {
    const epoch = states.latest?.message.epoch ?? null;
    options.audit.record({ what, who, token: null, role: null, lease: null, epoch, detail, result });
  };
  record("start", "daemon", `version ${options.version}`, "");
  let mode: Mode | null = states.latest?.mode ?? null;
  states.follow((frame) => {
    if (frame.mode !== mode) {
      const stop = frame.message.stops[0];
      record("mode", "arm process", `${mode ?? "unknown"} to ${frame.mode}: ${stop?.detail ?? ""}`, stop?.code ?? "");
      mode = frame.mode;
    }
  });
  const isUnattended = watchUnattended();
  const watchTokens = watchedTokens(tokens, record);
  const desk = new ControlDesk(backend, clock, states, (holder, reason) => {
    metrics.inControl.set(holder === null ? 0 : 1);
    log.info({ holder: holder?.name ?? null, reason }, "control");
    options.onControl?.(holder?.name ?? null);
    record("control", holder?.name ?? "nobody", reason, "");
    for (const session of sessions) {
      if (session.isAuthenticated) {
        session.send({
          type: "control",
          holder: holder?.name ?? null,
          yours: holder?.number === session.number,
          reason,
        });
      }
    }
  });
  const context: SessionContext = {
    backend,
    clock,
    desk,
    states,
    tokens,
    metrics,
    log,
    audit: options.audit,
    version: options.version,
    clientCount: () => sessions.size,
  };

  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  const http = createServer(
    // reference/safety.md §5, item 8: slow handshakes end after 2 s.
    { maxHeaderSize: 8192, headersTimeout: 2000, requestTimeout: 5000, connectionsCheckingInterval: 500 },
    httpRoutes({
      backend,
      registry: options.registry,
      tokens,
      version: options.version,
      isKnownHost: (host) => host !== undefined && hosts.has(host.toLowerCase()),
    }),
  );
  const webSockets = new WebSocketServer<typeof OperatorSocket>({ ...WEBSOCKET_LIMITS, WebSocket: OperatorSocket });
  http.maxConnections = MAXIMUM_SOCKETS;
  let strangers = fullBucket(STRANGERS, clock.now());
  let recorded = fullBucket(RECORDED_STRANGERS, clock.now());
  const room = (): Room => {
    const guests = [...sessions].filter(({ isGuest }) => isGuest).length;
    return {
      client: sessions.size - guests < MAXIMUM_CLIENTS,
      stop: guests < MAXIMUM_GUESTS,
      stranger: () => {
        const { taken, bucket } = takeToken(strangers, STRANGERS, clock.now());
        strangers = bucket;
        return taken;
      },
    };
  };
  let clientNumber = 0;
  http.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", (error) => log.debug({ error: error.message }, "operator handshake"));
    const verdict = checkUpgrade(request, hosts, tokens, room());
    if (verdict.kind === "turned-away") {
      metrics.dropped.inc({ reason: `handshake-${verdict.status}` });
      log.warn({ status: verdict.status, message: verdict.message }, "operator handshake turned away");
      const { taken, bucket } = takeToken(recorded, RECORDED_STRANGERS, clock.now());
      recorded = bucket;
      if (taken) {
        record("connection", `origin ${request.headers.origin ?? "none"}`, verdict.message, String(verdict.status));
      }
      turnAway(stream, verdict.status, verdict.message);
      return;
    }
    webSockets.handleUpgrade(request, stream, head, (socket) => {
      clientNumber += 1;
      const session = new OperatorSession(socket, clientNumber, verdict.entry, context);
      sessions.add(session);
      metrics.clients.set(sessions.size);
      socket.on("close", () => {
        sessions.delete(session);
        metrics.clients.set(sessions.size);
      });
    });
  });

  const port = await listen(http, options.host, options.port);
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
    hosts.add(`${name}:${port}`);
  }
  let trouble: string | null = null;
  /** A token that expires while the daemon runs is replaced; what is in the way is said once. */
  const renewTokens = (): void => {
    const before = trouble;
    try {
      kept = tokens.standing(kept.id) === "good" ? kept : keepToken();
      trouble = tokens.trouble;
    } catch (error) {
      if (!(error instanceof OperatorStartError)) {
        throw error;
      }
      trouble = `${error.message} ${error.hint}`;
    }
    if (trouble !== null && trouble !== before) {
      log.error({ trouble }, "the tokens cannot be kept: nobody new is let in but to stop");
    }
  };
  const timers = [
    setInterval(() => desk.expire(), EXPIRY_CHECK_MS),
    setInterval(() => {
      renewTokens();
      watchTokens();
      if (isUnattended(states.latest?.mode ?? null, desk.holder !== null, clock.now())) {
        log.warn({}, "the arm is powered, and nobody has been in control for a quarter of an hour: switch it off");
        record("unattended", "nobody", "the arm is powered, nobody in control for a quarter of an hour", "");
      }
      for (const session of sessions) {
        session.checkToken();
      }
    }, TOKEN_CHECK_MS),
    setInterval(() => {
      for (const session of sessions) {
        session.ping();
      }
    }, PING_PERIOD_MS),
  ];
  const url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
  log.info({ url, tokenFile: options.tokens.file }, "operator server");
  return {
    port,
    url,
    close: async () => {
      record("end", "daemon", "", "");
      for (const timer of timers) {
        clearInterval(timer);
      }
      for (const session of sessions) {
        session.close("the daemon is stopping");
      }
      states.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeIdleConnections();
        setTimeout(() => http.closeAllConnections(), CLOSE_WITHIN_MS).unref();
      });
    },
  };
}

/** Records every token that is given, taken back or at its end, whoever did it. */
function watchedTokens(
  tokens: TokenStore,
  record: (what: string, who: string, detail: string, result: string) => void,
): () => void {
  const standings = new Map<string, string>();
  const watch = (): void => {
    for (const { id, name, role } of tokens.list()) {
      const standing = tokens.standing(id);
      if (standings.get(id) !== standing) {
        standings.set(id, standing);
        record("token", name, `${id}, ${role}`, standing);
      }
    }
  };
  watch();
  return watch;
}

function turnAway(stream: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
