import type { IncomingMessage } from "node:http";
import { PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "./client-message.js";
import type { TokenRecord, TokenStore } from "./token-store.js";

// Interlocks: SE-01.

/** What a connection is let in with: its token, if it has shown one, and whether it may do no more than stop. */
export interface Entry {
  readonly token: TokenRecord | null;
  readonly stopOnly: "no" | "full" | "token-expired";
}

/** How much room there is. */
export interface Room {
  /** For one more client. */
  readonly client: boolean;
  /** For one more that can only stop. */
  readonly stop: boolean;
  /** Whether one more handshake without a token is looked at now. */
  stranger(): boolean;
}

/** Whether a WebSocket handshake is let in. */
export type UpgradeVerdict =
  | { readonly kind: "welcome"; readonly entry: Entry }
  | { readonly kind: "turned-away"; readonly status: number; readonly message: string };

/**
 * Judges a handshake by Host, Origin, sub-protocol, token and room. Whoever has a token gets in to stop the arm, also
 * where there is no room or the token has expired.
 */
export function checkUpgrade(
  request: IncomingMessage,
  hosts: ReadonlySet<string>,
  tokens: TokenStore,
  room: Room,
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
  const presented = offered.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX))?.slice(TOKEN_PROTOCOL_PREFIX.length);
  const token = presented === undefined ? null : tokens.find(presented);
  const standing = token === null ? "revoked" : tokens.standing(token.id);
  if (standing === "revoked") {
    if (!room.stranger()) {
      return turnedAway(429, "Too many handshakes without a token; wait a second.");
    }
    if (presented !== undefined) {
      return turnedAway(401, "The token is not the right one; use the one in the daemon's token file.");
    }
    return room.client ? { kind: "welcome", entry: { token: null, stopOnly: "no" } } : FULL;
  }
  if (standing === "good" && room.client) {
    return { kind: "welcome", entry: { token, stopOnly: "no" } };
  }
  const stopOnly = standing === "expired" ? "token-expired" : "full";
  return room.stop ? { kind: "welcome", entry: { token, stopOnly } } : FULL;
}

/** Browsers always send an Origin; a client without one is a program and still needs the token. */
function isKnownOrigin(origin: string, hosts: ReadonlySet<string>): boolean {
  const match = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase());
  return match?.[1] !== undefined && hosts.has(match[1]);
}

const FULL = turnedAway(503, "Too many clients are connected; close one and try again.");

function turnedAway(status: number, message: string): UpgradeVerdict {
  return { kind: "turned-away", status, message };
}
