import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorStartError } from "./start-error.js";

/** 256 bits; the form is safe inside a WebSocket sub-protocol name. */
const TOKEN_BYTES = 32;
const TOKEN_FORM = /^[A-Za-z0-9_-]{22,128}$/;

/** Says whether a presented token is the right one. */
export type TokenCheck = (presented: string) => boolean;

/** Reads the token file, creating it with a fresh token on first use; throws OperatorStartError. */
export function loadToken(path: string): TokenCheck {
  const expected = digest(readOrCreate(path));
  return (presented) => timingSafeEqual(digest(presented), expected);
}

/** Reads an existing token file; throws OperatorStartError when it is absent, unreadable or open to others. */
export function readToken(path: string): string {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0 && !isCredential(path)) {
      throw new OperatorStartError("token-file", `Other users may read the token file ${path}.`, `chmod 600 ${path}`);
    }
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

function readOrCreate(path: string): string {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${token}\n`, { flag: "wx", mode: 0o600 });
    return token;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      return readToken(path);
    }
    // Half a token would stop the next start.
    rmSync(path, { force: true });
    throw new OperatorStartError(
      "token-file",
      `The token file ${path} cannot be written${error instanceof Error && "code" in error ? ` (${error.code})` : ""}.`,
      "Make room on its disk, or choose a writable place for it in the configuration.",
      error,
    );
  }
}

/** Given by systemd to this service alone; the list of who may read it looks like a group's right. */
function isCredential(path: string): boolean {
  const { CREDENTIALS_DIRECTORY: folder } = process.env;
  return folder !== undefined && folder !== "" && dirname(path) === folder;
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
