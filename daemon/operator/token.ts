import { createHash, randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorStartError } from "./start-error.js";

/** 256 bits; the form is safe inside a WebSocket sub-protocol name. */
const TOKEN_BYTES = 32;
const TOKEN_FORM = /^[A-Za-z0-9_-]{22,128}$/;

/** A fresh token. */
export function freshToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/**
 * What is kept of a token. A plain SHA-256 is enough: nobody can try 2^256 tokens, and a slow hash would let strangers
 * keep the daemon busy with wrong ones.
 */
export function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Reads a token file; throws OperatorStartError when it is absent, unreadable or open to others. */
export function readToken(path: string): string {
  let text: string;
  try {
    refuseOpenFile(path, "token file");
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof OperatorStartError) {
      throw error;
    }
    throw new OperatorStartError(
      "token-file",
      `The token file ${path} cannot be read.`,
      "Name the right file with --token-file; the daemon writes it at its first start.",
      error,
    );
  }
  if (!TOKEN_FORM.test(text)) {
    throw new OperatorStartError(
      "token-file",
      `The token file ${path} holds no token.`,
      "Remove the file and start the daemon again; it then writes a fresh token.",
    );
  }
  return text;
}

/** Given by systemd to this service alone; the list of who may read it looks like a group's right. */
export function isCredential(path: string): boolean {
  const { CREDENTIALS_DIRECTORY: folder } = process.env;
  return folder !== undefined && folder !== "" && dirname(path) === folder;
}

/** Throws OperatorStartError when other users may read a file with secrets, and a system error when it is not there. */
export function refuseOpenFile(path: string, what: string): void {
  if ((statSync(path).mode & 0o077) !== 0 && !isCredential(path)) {
    throw new OperatorStartError("token-file", `Other users may read the ${what} ${path}.`, `chmod 600 ${path}`);
  }
}

/** Writes a file that only this user may read, whole or not at all; throws OperatorStartError. */
export function writeSecret(path: string, text: string): void {
  const half = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      writeFileSync(half, text, { mode: 0o600 });
      if (process.getuid?.() === 0) {
        // Root makes tokens for a daemon that runs as another user.
        const { uid, gid } = statSync(existsSync(path) ? path : dirname(path));
        chownSync(half, uid, gid);
      }
      renameSync(half, path);
    } catch (error) {
      rmSync(half, { force: true });
      throw error;
    }
  } catch (error) {
    throw new OperatorStartError(
      "token-file",
      `The token file ${path} cannot be written${error instanceof Error && "code" in error ? ` (${error.code})` : ""}.`,
      "Make room on its disk, or choose a writable place for it in the configuration.",
      error,
    );
  }
}
