import type { KeyObject } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseCalibration } from "../../calibration/files.js";
import { BundleError } from "../../models/bundle/bundle-error.js";
import { hashFiles } from "../../models/bundle/read-files.js";
import { MANIFEST_NAME, readManifest } from "../../models/bundle/read-manifest.js";
import { parseConfig } from "../config/config.js";
import { parseLimits } from "../config/limits-file.js";
import { ConfigError } from "../config/yaml-file.js";
import type { SignedKind } from "../ports/trust.js";
import { KeyError } from "./keys.js";
import { type Signature, signBytes } from "./signature.js";
import { signaturePath } from "./trust-in-key.js";

/** A file that was signed. */
export interface Signed {
  readonly path: string;
  readonly signature: Signature;
}

/**
 * Signs a file with a private key, if it is one that decides how the arm moves and its own reader takes it; for a bundle
 * also every file that its manifest lists. `wallTime` in ms since 1970. Throws KeyError, and the readers' errors.
 */
export async function signFile(file: string, key: KeyObject, wallTime: number): Promise<Signed> {
  const path = resolve(file);
  const bytes = readBytes(path);
  const kind = await kindOf(path, bytes);
  const signature = signBytes(kind, bytes, key, wallTime);
  const fresh = `${signaturePath(path)}.new`;
  try {
    // Half a signature would later be taken for one that was tampered with.
    writeFileSync(fresh, `${JSON.stringify(signature, null, 2)}\n`, { mode: 0o644 });
    renameSync(fresh, signaturePath(path));
  } catch (error) {
    throw new KeyError(`${signaturePath(path)} cannot be written (${String(error)})`, "Sign as who owns the folder.");
  }
  return { path, signature };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new KeyError(`${path} cannot be read (${String(error)})`, "Name files that are there.");
  }
}

/** What a file is by its name and what it holds; whatever its reader would refuse is not signed either. */
async function kindOf(path: string, bytes: Buffer): Promise<SignedKind> {
  const name = basename(path);
  const text = bytes.toString("utf8");
  if (name === MANIFEST_NAME) {
    const folder = dirname(path);
    const manifest = await readManifest(folder);
    await hashFiles(folder, manifest);
    return "bundle";
  }
  if (name.endsWith(".before.json")) {
    throw new KeyError(`${path} was replaced by a newer one`, "Sign the one that is in use.");
  }
  if (name.endsWith(".json")) {
    const wrong = parseCalibration(text);
    if (typeof wrong === "string") {
      throw new KeyError(`${path} is neither a calibration nor the manifest of a bundle: ${wrong}`, NAMES);
    }
    return "calibration";
  }
  if (!/\.ya?ml$/.test(name)) {
    throw new KeyError(`${path} is no file that decides how the arm moves`, NAMES);
  }
  // A file of limits says its version first of all; a configuration has no such key.
  if (/^version:/m.test(text)) {
    parseLimits(text, path);
    return "limits";
  }
  parseConfig(text, path);
  return "configuration";
}

const NAMES = "Name configurations and limits (.yaml), calibrations (.json), and bundle.json of a bundle.";

/** What to say of an error that signing or reading a file to be signed throws; null for one that is a fault of ours. */
export function signingProblem(error: unknown): { readonly reason: string; readonly hint: string } | null {
  if (error instanceof KeyError) {
    return { reason: error.message, hint: error.hint };
  }
  return error instanceof ConfigError || error instanceof BundleError
    ? { reason: error.message, hint: "Correct it first: what its reader refuses is not signed." }
    : null;
}
