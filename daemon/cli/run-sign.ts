import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Config, parseConfig } from "../config/config.js";
import { readText } from "../config/yaml-file.js";
import { createKeys, readPrivateKey } from "../signing/keys.js";
import { namedFiles } from "../signing/named-files.js";
import { keyPlace, namedSignatures } from "../signing/named-signatures.js";
import { signFile, signingProblem } from "../signing/sign.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import type { KeyOptions } from "./key.js";
import { note, say, sayJson } from "./print.js";
import type { SignOptions } from "./sign.js";

/** Makes a pair of keys; the fingerprint alone goes to the standard output. */
export function runKeyCreate({ out, json }: KeyOptions): ExitCode {
  try {
    const made = createKeys(resolve(out));
    if (json) {
      sayJson(made);
    } else {
      say(made.fingerprint);
      note(`${made.privateFile}: keep it to yourself, best on no machine that moves an arm`);
      note(`${made.publicFile}: goes beside the configuration, for example /etc/kinevla/maintainer.pub`);
    }
    return EXIT.done;
  } catch (error) {
    throw explained(error);
  }
}

/** Signs files, or lists who signed them. */
export async function runSign(files: readonly string[], options: SignOptions): Promise<ExitCode> {
  const { of, check } = options;
  if ([files.length > 0, of !== undefined, check !== undefined].filter(Boolean).length !== 1) {
    const hint = "See: kinevla sign --help";
    throw new CliError(EXIT.usage, "what-to-sign", "Name files, or one of --of and --check.", hint);
  }
  try {
    return check === undefined ? await signAll(files, options) : checkAll(unchecked(check), options);
  } catch (error) {
    throw explained(error);
  }
}

async function signAll(files: readonly string[], { of, key: keyFile, json }: SignOptions): Promise<ExitCode> {
  const named = of === undefined ? files : presentFiles(unchecked(of));
  const key = readPrivateKey(resolve(keyFile));
  for (const file of named) {
    const { path, signature } = await signFile(file, key, Date.now());
    if (json) {
      sayJson({ path, ...signature });
    } else {
      say(`signed  ${signature.kind.padEnd(13)}  ${path}`);
    }
  }
  return EXIT.done;
}

function presentFiles(config: Config): readonly string[] {
  return namedFiles(config).flatMap(({ path, optional }) => (optional && !existsSync(path) ? [] : [path]));
}

function checkAll(config: Config, { json }: SignOptions): ExitCode {
  const found = namedSignatures(config);
  if (found === null) {
    const required = config.signatures === "required";
    note(`There is no ${keyPlace(config)}: ${required ? "nothing starts without it" : "nothing asks for signatures"}.`);
    return required ? EXIT.unhealthy : EXIT.done;
  }
  for (const { state, kind, path, detail } of found) {
    if (json) {
      sayJson({ state, kind, path, detail });
    } else {
      say(`${state.padEnd(7)}  ${kind.padEnd(13)}  ${path}  ${detail}`);
    }
  }
  return found.every(({ state }) => state !== "refused") ? EXIT.done : EXIT.unhealthy;
}

/** A configuration as it is, signed or not. */
function unchecked(file: string): Config {
  const path = resolve(file);
  return parseConfig(readText(path, "name another one"), path);
}

function explained(error: unknown): unknown {
  const problem = signingProblem(error);
  return problem === null ? error : new CliError(EXIT.refused, "not-signed", `${problem.reason}.`, problem.hint);
}
