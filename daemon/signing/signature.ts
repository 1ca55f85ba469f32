import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { SIGNED_KINDS, type SignedKind } from "../ports/trust.js";

// Interlocks: PO-11, PO-18, OP-10, HO-12.

const schema = z.strictObject({
  format: z.literal("kinevla-signature-1"),
  kind: z.enum(SIGNED_KINDS),
  /** Wall time, ISO 8601. */
  signedAt: z.iso.datetime(),
  /** Fingerprint of the key that signed. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Ed25519, hexadecimal: unlike base64 it has one spelling only, so every changed byte of the file shows. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});

/** A signature as it stands beside the file that it is for. */
export type Signature = z.infer<typeof schema>;

/** SHA-256 of a public key, or of the one that belongs to a private key, hexadecimal. */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** Enough of a fingerprint to tell people which key is meant. */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 16);
}

/** Signs the bytes of a file of a kind; `signedAt` in ms since 1970. */
export function signBytes(kind: SignedKind, bytes: Uint8Array, key: KeyObject, signedAt: number): Signature {
  const at = new Date(signedAt).toISOString();
  const signature = sign(null, signedBytes(kind, at, bytes), key).toString("hex");
  return { format: "kinevla-signature-1", kind, signedAt: at, key: fingerprintOf(key), signature };
}

/** Reads the text of a signature and holds it against the bytes; gives it, or in words why it is none for them. */
export function readSignature(text: string, kind: SignedKind, bytes: Uint8Array, key: KeyObject): Signature | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "what stands there is no signature";
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    return "what stands there is no signature";
  }
  const found = parsed.data;
  const wanted = fingerprintOf(key);
  if (found.key !== wanted) {
    return `it is of another key (${shortFingerprint(found.key)}...) than the maintainer's (${shortFingerprint(wanted)}...)`;
  }
  if (found.kind !== kind) {
    return `it is for a file of another kind (${found.kind})`;
  }
  return verify(null, signedBytes(kind, found.signedAt, bytes), key, Buffer.from(found.signature, "hex"))
    ? found
    : "it does not fit: the file was changed after it was signed, or the signature was";
}

/** What is signed: kind and date with the bytes. No part before the bytes can hold a line's end, so it reads in one way. */
function signedBytes(kind: SignedKind, signedAt: string, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`kinevla-signature-1\n${kind}\n${signedAt}\n`), bytes]);
}
