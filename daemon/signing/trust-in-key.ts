import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SignedKind, Trust } from "../ports/trust.js";
import { readSignature, type Signature } from "./signature.js";

// Interlocks: PO-11, PO-18, OP-10, HO-12.

/** Where the signature of a file stands. */
export function signaturePath(file: string): string {
  return `${file}.sig`;
}

/** The signature beside a file, read anew and held against its bytes; in words why it does not count where it does not. */
export function signatureOf(file: string, kind: SignedKind, bytes: Uint8Array, key: KeyObject): Signature | string {
  const path = signaturePath(file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return code === "ENOENT" ? `it is not signed: there is no ${path}` : `${path} cannot be read (${code})`;
  }
  const found = readSignature(text, kind, bytes, key);
  return typeof found === "string" ? `${path}: ${found}` : found;
}

/** Every file has to carry a signature of this key, beside it as `<file>.sig`. */
export function trustInKey(key: KeyObject): Trust {
  return {
    doubt: (kind, path, bytes) => {
      const found = signatureOf(path, kind, bytes, key);
      return typeof found === "string"
        ? {
            reason: `${path} must not be used: ${found}`,
            hint: `Whoever maintains this cell looks at what it says and signs it: kinevla sign ${path}`,
          }
        : null;
    },
  };
}
