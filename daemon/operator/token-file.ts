import { existsSync } from "node:fs";
import type { Role } from "../types/role.js";
import { isCredential, readToken, writeSecret } from "./token.js";
import { LONGEST_HOURS, type TokenRecord, type TokenStore } from "./token-store.js";

/**
 * Sees that the token file holds a good token of a role: keeps the present one while it is good, takes up one that was
 * put there, and writes a fresh one otherwise. What systemd delivers is good for as long as it is delivered. Throws
 * OperatorStartError.
 */
export function keepTokenFile(store: TokenStore, path: string, role: Role): TokenRecord {
  const wish = { name: "token file", role, hours: LONGEST_HOURS };
  if (existsSync(path)) {
    const token = readToken(path);
    const known = store.find(token);
    if (known?.role === role && store.standing(known.id) === "good") {
      return known;
    }
    if (known === null || (isCredential(path) && !known.revoked)) {
      return store.make(wish, token).record;
    }
  }
  const { token, record } = store.make(wish);
  writeSecret(path, `${token}\n`);
  return record;
}
