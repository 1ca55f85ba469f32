import { timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { ROLES, type Role } from "../types/role.js";
import type { Instant } from "../types/units.js";
import { OperatorStartError } from "./start-error.js";
import { digestOf, freshToken, refuseOpenFile, writeSecret } from "./token.js";

// Interlocks: SE-02, HO-09.

/** No token is good for longer (reference/safety.md section 5, item 4). */
export const LONGEST_HOURS = 12;
const HOUR_MS = 3_600_000;
/** What is over is remembered this long, so that an expired token still stops the arm and a revoked one stays so. */
const REMEMBERED_MS = 7 * 24 * HOUR_MS;

const record = z.strictObject({
  /** Names the token where it is listed, revoked and logged. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  /** Whose it is. */
  name: z.string().min(1).max(40),
  role: z.enum(ROLES),
  /** SHA-256 of the token, in hexadecimal digits. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  madeAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  revoked: z.boolean(),
});

const stored = z.strictObject({ version: z.literal(1), tokens: z.array(record) });

/** A token as it is kept: what it allows, never the token itself. */
export type TokenRecord = Readonly<z.output<typeof record>>;

/** What a token is made for. */
export interface TokenWish {
  readonly name: string;
  readonly role: Role;
  readonly hours: number;
}

/** Whether a token lets in, still stops the arm, or is worth nothing. */
export type Standing = "good" | "expired" | "revoked";

/** That a token has let somebody in, and for how long it goes on doing so. */
export interface Admittance {
  readonly id: string;
  /** As the file had it, wall time. */
  readonly expiresAt: string;
  /** The same by the monotonic clock. */
  readonly until: Instant;
}

/**
 * The file of tokens. Whoever may write it may give and revoke; it is read again whenever it has changed. Expiry is wall
 * time, since it outlives the process; whoever was let in goes by the monotonic clock from then on, so that a wall clock
 * that jumps ends no control.
 */
export class TokenStore {
  readonly #path: string;
  readonly #wallTime: () => number;
  /** Tokens that have let somebody in: not forgotten by a wall clock that has jumped. */
  readonly #admitted = new Set<string>();
  #tokens: readonly TokenRecord[] = [];
  #version: string | null = null;
  #trouble: string | null = null;

  /** `wallTime` in ms since 1970; throws OperatorStartError when there is a file that cannot be used. */
  constructor(path: string, wallTime: (() => number) | undefined = Date.now) {
    this.#path = path;
    this.#wallTime = wallTime;
    if (existsSync(path)) {
      this.#read();
    }
  }

  /** Why the file cannot be read any more; null while it can. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Every token that is remembered. */
  list(): readonly TokenRecord[] {
    this.#refresh();
    return this.#tokens;
  }

  /** The record of a token; null when it is unknown. All are compared, each in constant time. */
  find(presented: string): TokenRecord | null {
    const digest = Buffer.from(digestOf(presented), "hex");
    let found: TokenRecord | null = null;
    for (const token of this.list()) {
      found = timingSafeEqual(Buffer.from(token.digest, "hex"), digest) ? token : found;
    }
    return found;
  }

  /** What a token is worth to whoever comes now. While the file cannot be used, the known ones still stop the arm. */
  standing(id: string): Standing {
    const token = this.list().find((one) => one.id === id);
    if (token === undefined || token.revoked) {
      return "revoked";
    }
    return this.#trouble === null && this.#wallTime() < Date.parse(token.expiresAt) ? "good" : "expired";
  }

  /** Takes over to the monotonic clock how long a token that lets in now will go on doing so. */
  admit({ id, expiresAt }: TokenRecord, now: Instant): Admittance {
    this.#admitted.add(id);
    // No token is good for longer, whatever the wall clock says.
    const left = Math.min(Date.parse(expiresAt) - this.#wallTime(), LONGEST_HOURS * HOUR_MS);
    return { id, expiresAt, until: now + left / 1000 };
  }

  /** The admittance of a running session as it is now, anew where somebody has given its token another end; or why it has ended. */
  review(admittance: Admittance, now: Instant): Admittance | Exclude<Standing, "good"> {
    const token = this.list().find((one) => one.id === admittance.id);
    if (token === undefined || token.revoked) {
      return "revoked";
    }
    const present = token.expiresAt === admittance.expiresAt ? admittance : this.admit(token, now);
    return this.#trouble === null && now < present.until ? present : "expired";
  }

  /** Keeps the record of a token, a fresh one unless given; the token itself is known to the caller alone. */
  make(wish: TokenWish, token = freshToken()): { readonly token: string; readonly record: TokenRecord } {
    const now = this.#wallTime();
    const digest = digestOf(token);
    const made: TokenRecord = {
      ...{ id: digest.slice(0, 8), name: wish.name, role: wish.role, digest },
      madeAt: new Date(now).toISOString(),
      expiresAt: new Date(now + Math.min(wish.hours, LONGEST_HOURS) * HOUR_MS).toISOString(),
      revoked: false,
    };
    this.#write([...this.list().filter(({ id }) => id !== made.id), made]);
    return { token, record: made };
  }

  /** Takes a token back; false when there is none of this id. */
  revoke(id: string): boolean {
    const tokens = this.list();
    this.#write(tokens.map((token) => (token.id === id ? { ...token, revoked: true } : token)));
    return tokens.some((token) => token.id === id);
  }

  #write(tokens: readonly TokenRecord[]): void {
    const now = this.#wallTime();
    const kept = tokens.filter(
      ({ id, expiresAt }) => this.#admitted.has(id) || now < Date.parse(expiresAt) + REMEMBERED_MS,
    );
    writeSecret(this.#path, `${JSON.stringify({ version: 1, tokens: kept }, null, 2)}\n`);
    this.#refresh();
  }

  #refresh(): void {
    try {
      if (this.#version !== null || existsSync(this.#path)) {
        this.#read();
      }
      this.#trouble = null;
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
  }

  #read(): void {
    const { mtimeMs, ino, size } = statSync(this.#path);
    const version = `${mtimeMs} ${ino} ${size}`;
    if (version !== this.#version) {
      refuseOpenFile(this.#path, "file of tokens");
      this.#tokens = parse(readFileSync(this.#path, "utf8"), this.#path);
      this.#version = version;
    }
  }
}

function parse(text: string, path: string): readonly TokenRecord[] {
  try {
    return stored.parse(JSON.parse(text)).tokens;
  } catch (error) {
    const hint = "Remove it and start the daemon again; every token has to be made anew.";
    throw new OperatorStartError("token-file", `The file of tokens ${path} cannot be used.`, hint, error);
  }
}
