import type { IncomingMessage } from "node:http";
import { PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "./client-message.js";
import type { TokenCheck } from "./token.js";

// Interlocks: SE-01.

/** Whether a WebSocket handshake is let in, and whether its client is authenticated already. */
export type UpgradeVerdict =
  | { readonly kind: "welcome"; readonly authenticated: boolean }
  | { readonly kind: "turned-away"; readonly status: number; readonly message: string };

/** Judges a handshake by Host, Origin, sub-protocol, token and how many clients there are. */
export function checkUpgrade(
  request: IncomingMessage,
  hosts: ReadonlySet<string>,
  checkToken: TokenCheck,
  hasRoom: boolean,
): UpgradeVerdict {
  const { host, origin } = request.headers;
  if (host === undefined || !hosts.has(host.toLowerCase())) {
    return turnedAway(403, "This host name is not the operator server's; use its own address.");
  }
  if (origin !== undefined && !isKnownOrigin(origin, hosts)) {
    return turnedAway(403, `Pages of ${origin.slice(0, 100)} may not connect; open the operator server's own page.`);
  }
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (!offered.includes(PROTOCOL)) {
    return turnedAway(400, `Offer the WebSocket sub-protocol ${PROTOCOL}.`);
  }
  const token = offered.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX))?.slice(TOKEN_PROTOCOL_PREFIX.length);
  if (token !== undefined && !checkToken(token)) {
    return turnedAway(401, "The token is not the right one; use the one in the daemon's token file.");
  }
  if (!hasRoom) {
    return turnedAway(503, "Too many clients are connected; close one and try again.");
  }
  return { kind: "welcome", authenticated: token !== undefined };
}

/** Browsers always send an Origin; a client without one is a program and still needs the token. */
function isKnownOrigin(origin: string, hosts: ReadonlySet<string>): boolean {
  const match = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase());
  return match?.[1] !== undefined && hosts.has(match[1]);
}

function turnedAway(status: number, message: string): UpgradeVerdict {
  return { kind: "turned-away", status, message };
}
