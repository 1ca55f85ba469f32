// Interlocks: SE-07.

/** A parsed value, or what is wrong with the text. */
export type StrictJson =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "rejected"; readonly reason: string };

/** Nesting beyond this is refused (reference/safety.md §5, item 10). */
export const MAXIMUM_DEPTH = 8;

const POISONOUS_KEYS: readonly string[] = ["__proto__", "constructor", "prototype"];

/** Parses JSON that nests at most 8 deep, repeats no key and touches no prototype. */
export function parseStrictJson(text: string): StrictJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "rejected", reason: "the message is not JSON" };
  }
  const flaw = findFlaw(text);
  return flaw === null ? { kind: "value", value } : { kind: "rejected", reason: flaw };
}

/** Scans text already known to be JSON, since the parser itself drops repeated keys silently. */
function findFlaw(text: string): string | null {
  /** Keys seen in each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : null);
      if (open.length > MAXIMUM_DEPTH) {
        return `the message nests deeper than ${MAXIMUM_DEPTH} levels`;
      }
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key: unknown = JSON.parse(text.slice(at, end));
        if (typeof key === "string") {
          if (POISONOUS_KEYS.includes(key)) {
            return `the key ${key} is not allowed`;
          }
          if (keys.has(key)) {
            return `the key ${JSON.stringify(key)} appears twice`;
          }
          keys.add(key);
        }
      }
      at = end;
      continue;
    }
    at += 1;
  }
  return null;
}

/** Index just past the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') {
    at += text[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") {
    at += 1;
  }
  return text[at] === ":";
}
