import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ZodError } from "zod";
import type { Trust } from "../../daemon/ports/trust.js";
import { BundleError } from "./bundle-error.js";
import { checkManifest } from "./check-manifest.js";
import { type Manifest, manifestSchema } from "./manifest.js";

// Interlocks: PO-11.

/** Name of the manifest in a bundle's folder. */
export const MANIFEST_NAME = "bundle.json";
/** Name of its signature, where it has one (daemon/signing). */
export const MANIFEST_SIGNATURE = `${MANIFEST_NAME}.sig`;

/** A manifest that somebody vouches for, where anybody has to. */
export interface TrustedManifest {
  readonly manifest: Manifest;
  /** SHA-256 of its bytes, hexadecimal: whoever reads the manifest later knows by it that it is still the same. */
  readonly digest: string;
}

/** Reads `bundle.json` of a folder and checks its signature, then the manifest by itself; throws BundleError. */
export async function readTrustedManifest(folder: string, trust: Trust): Promise<TrustedManifest> {
  const path = join(folder, MANIFEST_NAME);
  const bytes = await readBytes(path);
  const doubt = trust.doubt("bundle", path, bytes);
  if (doubt !== null) {
    throw new BundleError("untrusted", doubt.reason);
  }
  return { manifest: manifestIn(bytes), digest: digestOf(bytes) };
}

/**
 * Reads `bundle.json` of a folder and checks it by itself, without opening other files; `digest` is the SHA-256 that it
 * must have, null for any. Throws BundleError.
 */
export async function readManifest(folder: string, digest: string | null = null): Promise<Manifest> {
  const path = join(folder, MANIFEST_NAME);
  const bytes = await readBytes(path);
  if (digest !== null && digestOf(bytes) !== digest) {
    throw new BundleError("hash-mismatch", `${path} is another one than when the daemon started`);
  }
  return manifestIn(bytes);
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new BundleError("bundle-missing", `There is no readable ${path}`, cause);
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function manifestIn(bytes: Buffer): Manifest {
  const manifest = parseManifest(bytes.toString("utf8"));
  checkManifest(manifest);
  return manifest;
}

/** Parses the text of a manifest against its schema; throws BundleError that names every offending key. */
export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BundleError("manifest-invalid", `${MANIFEST_NAME} is not JSON (${String(cause)})`, cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new BundleError("manifest-invalid", `${MANIFEST_NAME}: ${describeIssues(parsed.error)}`, parsed.error);
  }
  return parsed.data;
}

/** All issues of a schema check in one line, each with the path of its key. */
export function describeIssues(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.map(String).join(".") || "(top)"}: ${issue.message}`).join("; ");
}
