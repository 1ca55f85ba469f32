/** Values that parsers have taken for something else. */
const VALUES = [
  ...["0", "-0", "-1", "1", "0.5", "1e999", "-1e999", "1e308", "5e-324", "9007199254740993", "4294967296", "65536"],
  ...["null", "true", "false", "NaN", ".inf", "-.inf", ".nan", "0x10", "010", "1_000", '""', '"12"', '"__proto__"'],
  ...[
    "[]",
    "{}",
    "[[]]",
    '{"__proto__":1}',
    "~",
    "yes",
    "&a",
    "*a",
    "!!str 1",
    "|",
    "{a: 1, a: 2}",
    "\ud800",
    "\u0000",
  ],
] as const;
const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u0000",
  "\r\n",
  "\n",
  "#",
  "- ",
  "? ",
  "---\n",
  "\t",
  "\u2028",
] as const;
/** A number, string or word of JSON or YAML. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|\btrue\b|\bfalse\b|\bnull\b/g;
/** A token is looked for in a stretch of this length, so that long inputs cost no more. */
const STRETCH = 600;

/** One to four random changes of a text: of bytes, of tokens, of whole stretches, and pieces of another text. */
export function mutate(text: string, other: string, random: () => number): string {
  let changed = text;
  const changes = 1 + Math.floor(4 * random() ** 2);
  for (let change = 0; change < changes; change++) {
    changed = changeOnce(changed, other, random);
  }
  return changed;
}

function changeOnce(text: string, other: string, random: () => number): string {
  const below = (most: number): number => Math.floor(random() * most);
  const one = (list: readonly string[]): string => list[below(list.length)] ?? "";
  const at = below(text.length + 1);
  const length = Math.min(text.length - at, 1 + below(random() < 0.8 ? 8 : 200));
  switch (below(9)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(below(random() < 0.9 ? 128 : 0xffff)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
    case 3:
      return text.slice(0, at) + one(PIECES) + text.slice(at);
    case 4: {
      const from = below(other.length);
      return text.slice(0, at) + other.slice(from, from + 1 + below(60)) + text.slice(at + below(2) * length);
    }
    case 5:
      return (
        text.slice(0, at) + one(["[", "{", '{"a":']).repeat(1 + below(random() < 0.95 ? 12 : 3000)) + text.slice(at)
      );
    default:
      return changeToken(text, other, random, one(VALUES));
  }
}

/** Puts a value, a neighbour, or a token of another text in the place of a token. */
function changeToken(text: string, other: string, random: () => number, value: string): string {
  const token = pick(text, random);
  if (token === null) {
    return text + value;
  }
  const kind = random();
  const number = Number(token.text);
  const instead =
    kind < 0.5
      ? value
      : kind < 0.8 && token.text !== "" && Number.isFinite(number)
        ? String(number * (random() < 0.5 ? 10 ** Math.floor(random() * 9 - 4) : -1) + (random() < 0.3 ? 1 : 0))
        : (pick(other, random)?.text ?? value);
  return text.slice(0, token.at) + instead + text.slice(token.at + token.text.length);
}

function pick(text: string, random: () => number): { readonly at: number; readonly text: string } | null {
  const from = Math.floor(random() * Math.max(0, text.length - STRETCH + 1));
  const tokens = [...text.slice(from, from + STRETCH).matchAll(TOKEN)];
  const token = tokens[Math.floor(random() * tokens.length)];
  return token === undefined ? null : { at: from + token.index, text: token[0] };
}
