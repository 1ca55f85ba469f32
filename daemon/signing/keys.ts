import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fingerprintOf } from "./signature.js";

/** The maintainer's public key; beside a configuration it makes everything that the configuration names want signatures. */
export const PUBLIC_KEY = "maintainer.pub";
/** Beside the public one where both are made; belongs on no machine that moves an arm. */
export const PRIVATE_KEY = "maintainer.key";

/** A key that cannot be used: what is wrong, and what to do. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.hint = hint;
  }
}

/** A pair of keys that was made. */
export interface MadeKeys {
  readonly privateFile: string;
  readonly publicFile: string;
  readonly fingerprint: string;
}

/** Makes a pair of keys in a folder, the private one for nobody else to read; never in the place of another. Throws KeyError. */
export function createKeys(folder: string): MadeKeys {
  const privateFile = join(folder, PRIVATE_KEY);
  const publicFile = join(folder, PUBLIC_KEY);
  for (const file of [privateFile, publicFile]) {
    if (isThere(file)) {
      throw new KeyError(
        `there is ${file} already`,
        "Use it, or name another folder with --out: whatever it has signed counts no longer without it.",
      );
    }
  }
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(privateFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    writeFileSync(publicFile, publicKey.export({ type: "spki", format: "pem" }), { mode: 0o644, flag: "wx" });
  } catch (error) {
    throw new KeyError(`the keys cannot be written (${words(error)})`, "Name another folder with --out.");
  }
  return { privateFile, publicFile, fingerprint: fingerprintOf(publicKey) };
}

/** Reads a private key; refuses one that others than its owner may read, since then anybody signs. Throws KeyError. */
export function readPrivateKey(file: string): KeyObject {
  const hint = "Make one with: kinevla key create; or name it with --key.";
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new KeyError(
        `${file} may be read by others than its owner`,
        `Ask yourself who has read it; make another one, or: chmod 600 ${file}`,
      );
    }
    return ed25519(createPrivateKey(readFileSync(file)), file, hint);
  } catch (error) {
    throw error instanceof KeyError ? error : new KeyError(`${file} is no private key (${words(error)})`, hint);
  }
}

/**
 * Reads the public key beside a configuration; null where there is none. Refuses one that others than its owner may change
 * or replace: whoever can do that signs whatever he likes. Throws KeyError.
 */
export function readPublicKeyBeside(configFile: string): KeyObject | null {
  const file = join(dirname(configFile), PUBLIC_KEY);
  if (!isThere(file)) {
    return null;
  }
  const hint = "Copy it again from where the maintainer keeps it (systemd/README.md).";
  try {
    const real = realpathSync(file);
    const folders = new Set([real, dirname(file), dirname(real)]);
    const open = [...folders].find((path) => (statSync(path).mode & 0o022) !== 0);
    if (open !== undefined) {
      throw new KeyError(
        `${open} may be changed by others than its owner`,
        `Look at the key in it, then: chmod go-w ${open}`,
      );
    }
    return ed25519(createPublicKey(publicPem(file)), file, hint);
  } catch (error) {
    throw error instanceof KeyError ? error : new KeyError(`${file} is no public key (${words(error)})`, hint);
  }
}

/** Node takes a private key where a public one is asked for, too; it must not lie about on this machine. */
function publicPem(file: string): string {
  const pem = readFileSync(file, "utf8");
  if (!pem.startsWith("-----BEGIN PUBLIC KEY-----")) {
    throw new Error("it does not begin as one");
  }
  return pem;
}

function ed25519(key: KeyObject, file: string, hint: string): KeyObject {
  if (key.asymmetricKeyType !== "ed25519") {
    throw new KeyError(`${file} is a key of another kind (${key.asymmetricKeyType}), not Ed25519`, hint);
  }
  return key;
}

/** A link to nowhere is there, too: a key that was lost must not pass for one that was never wanted. */
function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
