import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.js";
import { PUBLIC_KEY, readPublicKeyBeside } from "./keys.js";
import { type NamedFile, namedFiles } from "./named-files.js";
import { shortFingerprint } from "./signature.js";
import { signatureOf } from "./trust-in-key.js";

/** How a file that a configuration names stands with its signature. */
export interface NamedSignature extends NamedFile {
  /** `refused`: it must not be used. */
  readonly state: "signed" | "refused" | "absent";
  /** By whom and when, or what is wrong. */
  readonly detail: string;
}

/** Looks at every file that a configuration names; null where nothing asks for signatures. Throws KeyError. */
export function namedSignatures(config: Config): readonly NamedSignature[] | null {
  const key = readPublicKeyBeside(config.file);
  if (key === null) {
    return null;
  }
  return namedFiles(config).map((named): NamedSignature => {
    if (!existsSync(named.path)) {
      return named.optional
        ? { ...named, state: "absent", detail: "there is none" }
        : { ...named, state: "refused", detail: "it is missing" };
    }
    const found = signatureOf(named.path, named.kind, readFileSync(named.path), key);
    return typeof found === "string"
      ? { ...named, state: "refused", detail: found }
      : { ...named, state: "signed", detail: `${found.signedAt} by ${shortFingerprint(found.key)}...` };
  });
}

/** Where the key would stand that makes a configuration's files want signatures. */
export function keyPlace({ file }: Config): string {
  return join(dirname(file), PUBLIC_KEY);
}

/**
 * Whether the user of this process may change the key itself, root aside: signatures then keep mistakes out, but no
 * program of the same user.
 */
export function mayReplaceKey(config: Config): boolean {
  return process.getuid?.() !== 0 && [keyPlace(config), dirname(config.file)].some(mayWrite);
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
