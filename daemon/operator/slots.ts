/** What an instruction of the paper's Table 7 can differ in: which object, held by which part, to which direction or side. */
export const SLOTS = ["object", "part", "direction", "side"] as const;

/** One of them; `direction` is in the front camera's picture, `side` is of the plate. */
export type Slot = (typeof SLOTS)[number];

/** What an instruction says for each slot; null where it says nothing. */
export type SlotValues = Readonly<Record<Slot, string | null>>;

const OBJECTS: ReadonlyMap<string, string> = new Map([
  ["bread", "bread"],
  ["loaf", "bread"],
  ["carrot", "carrot"],
]);

const PARTS: ReadonlyMap<string, string> = new Map([
  ["upper", "upper"],
  ["top", "upper"],
  ["lower", "lower"],
  ["bottom", "lower"],
  ["middle", "middle"],
  ["center", "middle"],
  ["centre", "middle"],
]);

/** In the order in which a direction of several words is named. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ["left", "left"],
  ["right", "right"],
  ["front", "front"],
  ["forward", "front"],
  ["forwards", "front"],
  ["back", "back"],
  ["behind", "back"],
  ["backward", "back"],
  ["backwards", "back"],
]);

/** Words of a text in lower case, without punctuation. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}-]+/gu) ?? [];
}

/** Reads the slots out of an instruction's words. A place is a side where a plate is spoken of, else a direction. */
export function readSlots(words: readonly string[]): SlotValues {
  const place = named(words, PLACES, " ");
  const isAboutPlate = words.includes("plate");
  return {
    object: named(words, OBJECTS, " and "),
    part: named(words, PARTS, " and "),
    direction: isAboutPlate ? null : place,
    side: isAboutPlate ? place : null,
  };
}

/** Everything of a list that the words name, once each and in the list's order; null for nothing. */
function named(words: readonly string[], list: ReadonlyMap<string, string>, between: string): string | null {
  const found = new Set(words.map((word) => list.get(word)));
  const values = [...new Set(list.values())].filter((value) => found.has(value));
  return values.length === 0 ? null : values.join(between);
}
