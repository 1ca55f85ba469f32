import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Registry } from "prom-client";
import { projectPath } from "../ports/project-path.js";
import type { CameraRole } from "../types/frame.js";
import type { OperatorBackend } from "./backend.js";
import { REFUSAL_HINT } from "./refusal.js";
import type { TokenStore } from "./token-store.js";

/** Headers of every answer (reference/safety.md §5, item 12). */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Cache-Control": "no-store",
};

const PAGE_FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/app.js": ["app.js", "text/javascript; charset=utf-8"],
  "/link.js": ["link.js", "text/javascript; charset=utf-8"],
  "/pictures.js": ["pictures.js", "text/javascript; charset=utf-8"],
  "/view.js": ["view.js", "text/javascript; charset=utf-8"],
  "/style.css": ["style.css", "text/css; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
};

const PICTURES: Readonly<Record<string, CameraRole>> = { "/front.jpg": "front", "/wrist.jpg": "wrist" };

/** What the HTTP side needs. */
export interface HttpContext {
  readonly backend: OperatorBackend;
  readonly registry: Registry;
  readonly tokens: TokenStore;
  readonly version: string;
  isKnownHost(host: string | undefined): boolean;
}

/** Answers page, health, readiness, metrics and camera pictures; nothing here changes anything. */
export function httpRoutes(context: HttpContext): (request: IncomingMessage, response: ServerResponse) => void {
  const page = new Map(
    Object.entries(PAGE_FILES).map(([path, [file, type]]) => [
      path,
      { type, body: readFileSync(projectPath("daemon", "operator", "page", file)) },
    ]),
  );

  const route = async (request: IncomingMessage, answer: Answer): Promise<void> => {
    if (!context.isKnownHost(request.headers.host)) {
      return answer.json(403, {
        message: "This host name is not the operator server's.",
        hint: "Use its own address.",
      });
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer.json(405, { message: "Only GET is answered here.", hint: "Commands go over the WebSocket." });
    }
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const file = page.get(path);
    const role = PICTURES[path];
    if (file !== undefined) {
      return answer.bytes(200, file.type, file.body);
    }
    if (role !== undefined) {
      return picture(role, request, answer);
    }
    switch (path) {
      case "/healthz":
        return answer.json(200, { status: "ok", version: context.version });
      case "/readyz": {
        const { ready, reasons } = context.backend.status();
        return answer.json(ready ? 200 : 503, { ready, reasons });
      }
      case "/metrics":
        return answer.bytes(200, context.registry.contentType, Buffer.from(await context.registry.metrics()));
    }
    return answer.json(404, { message: `There is nothing at ${path.slice(0, 100)}.`, hint: "The page is at /." });
  };

  const picture = async (role: CameraRole, request: IncomingMessage, answer: Answer): Promise<void> => {
    const presented = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(request.headers.authorization ?? "")?.[1];
    const token = presented === undefined ? null : context.tokens.find(presented);
    if (token === null || context.tokens.standing(token.id) !== "good") {
      return answer.json(401, { message: "Pictures need the token.", hint: REFUSAL_HINT["bad-token"] });
    }
    try {
      return answer.bytes(200, "image/jpeg", await context.backend.jpeg(role));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return answer.json(503, { message, hint: `Check the ${role} camera; the faults say more.` });
    }
  };

  return (request, response) => {
    const answer = answerTo(request, response);
    route(request, answer).catch((error: unknown) => {
      answer.json(500, { message: `The daemon failed: ${String(error)}`, hint: "Look at the daemon's log." });
    });
  };
}

interface Answer {
  bytes(status: number, type: string, body: Uint8Array): void;
  json(status: number, body: Readonly<Record<string, unknown>>): void;
}

function answerTo(request: IncomingMessage, response: ServerResponse): Answer {
  const bytes = (status: number, type: string, body: Uint8Array): void => {
    response.writeHead(status, {
      ...SECURITY_HEADERS,
      "Content-Type": type,
      "Content-Length": body.length,
      ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  return {
    bytes,
    json: (status, body) => bytes(status, "application/json", Buffer.from(`${JSON.stringify(body)}\n`)),
  };
}
