import { readFileSync } from "node:fs";
import { isMap, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import type { SignedKind, Trust } from "../ports/trust.js";

// Interlocks: HO-12.

/** What is wrong with a configuration file, one line a finding, each with its place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads a text file of which nothing has to be vouched for; throws ConfigError with `remedy` when it cannot be read. */
export function readText(path: string, remedy: string): string {
  return readBytes(path, remedy).toString("utf8");
}

/** Reads a text file that decides how the arm moves; throws ConfigError when it cannot be read or nobody vouches for it. */
export function readTrusted(path: string, kind: SignedKind, trust: Trust, remedy: string): string {
  const bytes = readBytes(path, remedy);
  const doubt = trust.doubt(kind, path, bytes);
  if (doubt !== null) {
    throw new ConfigError(`${doubt.reason}. ${doubt.hint}`);
  }
  return bytes.toString("utf8");
}

function readBytes(path: string, remedy: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError(`${path}: cannot be read (${code}); ${remedy}`);
  }
}

/** Checks YAML text against a schema; `path` is for messages. Throws ConfigError that names every wrong line and key. */
export function parseYaml<T>(text: string, path: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  // What the library only warns of, a tag or directive that it does not know, is nothing that we mean either.
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigError(
      faults.map((error) => `${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`).join("\n"),
    );
  }
  const parsed = schema.safeParse(toValue(document, path));
  if (parsed.success) {
    return parsed.data;
  }
  const findings = flatten(parsed.error.issues).map(({ keys, message }) => {
    const place = `${path}:${lineOf(document, keys, lines)}`;
    return `${place}: ${keys.length > 0 ? keys.join(".") : "the file"}: ${message}`;
  });
  throw new ConfigError([...new Set(findings)].join("\n"));
}

/** The value of a document; an alias of nothing, or one that stands for too much, shows only here. */
function toValue(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Finding {
  readonly keys: readonly (string | number)[];
  readonly message: string;
}

/** One finding per issue; an unknown key points at the key itself, a failed union at its nearest alternative. */
function flatten(issues: readonly z.core.$ZodIssue[], parent: readonly (string | number)[] = []): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const keys = [...parent, ...issue.path.map((key) => (typeof key === "symbol" ? String(key) : key))];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ keys: [...keys, key], message: "there is no such key" }));
    }
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? [];
      return flatten(nearest, keys);
    }
    if (issue.code === "invalid_type" && keys.length === 0) {
      return [{ keys, message: "it holds no keys" }];
    }
    if (issue.code === "invalid_type" && issue.message.endsWith("received undefined")) {
      return [{ keys, message: `it is missing (${issue.expected} expected)` }];
    }
    return [{ keys, message: issue.message }];
  });
}

/** The line of the deepest node on the way to `keys` that exists; 1 for the file itself. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  keys: readonly (string | number)[],
  lines: LineCounter,
): number {
  for (let length = keys.length; length > 0; length -= 1) {
    const parent = length > 1 ? document.getIn(keys.slice(0, length - 1), true) : document.contents;
    const last = keys[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => String(item.key) === String(last));
      const range = (pair?.key as { range?: readonly number[] } | undefined)?.range;
      if (range?.[0] !== undefined) {
        return lines.linePos(range[0]).line;
      }
    }
  }
  return 1;
}
