import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/yaml-file.js";
import { type Evidence, readEvidence, signEvidence } from "./evidence.js";

/** Made at first use; whoever can read it can sign for this installation. */
const PRIVATE_KEY = "signing-key.pem";
const PUBLIC_KEY = "installation.pub.pem";

/** One file of the folder: evidence, or why it is not to be believed. */
export type Found =
  | { readonly file: string; readonly kind: "evidence"; readonly evidence: Evidence }
  | { readonly file: string; readonly kind: "refused"; readonly reason: string };

/** Writes evidence beside what is there already, signed; gives the file's name. Throws ConfigError when it cannot. */
export function writeEvidence(folder: string, evidence: Evidence): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const name = `${evidence.id}_${evidence.measuredAt.replaceAll(/[:.]/g, "-")}.json`;
    const text = `${JSON.stringify(signEvidence(evidence, signingKey(folder)), null, 2)}\n`;
    // Half a file would later be taken for one that was tampered with.
    writeFileSync(join(folder, `.${name}`), text);
    renameSync(join(folder, `.${name}`), join(folder, name));
    return name;
  } catch (error) {
    throw new ConfigError(`${folder}: the evidence cannot be written (${String(error)})`);
  }
}

/** Everything in the folder, oldest first; empty where there is none. */
export function readEvidenceFolder(folder: string): readonly Found[] {
  const publicFile = join(folder, PUBLIC_KEY);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^H-\d+_.*\.json$/.test(name)) : [];
  if (names.length === 0) {
    return [];
  }
  if (!existsSync(publicFile)) {
    return names.map((file) => ({ file, kind: "refused", reason: `there is no ${PUBLIC_KEY} beside it` }));
  }
  const key = createPublicKey(readFileSync(publicFile));
  return names
    .map((file): Found => {
      const evidence = readEvidence(readFileSync(join(folder, file), "utf8"), key);
      return typeof evidence === "string"
        ? { file, kind: "refused", reason: evidence }
        : { file, kind: "evidence", evidence };
    })
    .sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
}

function timeOf(found: Found): string {
  return found.kind === "evidence" ? found.evidence.measuredAt : "";
}

/** The installation's key, made at first use. */
function signingKey(folder: string): KeyObject {
  const file = join(folder, PRIVATE_KEY);
  if (!existsSync(file)) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
    writeFileSync(join(folder, PUBLIC_KEY), publicKey.export({ type: "spki", format: "pem" }));
  }
  chmodSync(file, 0o600);
  return createPrivateKey(readFileSync(file));
}
