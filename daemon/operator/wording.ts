import { readSlots, SLOTS, type Slot, type SlotValues, wordsOf } from "./slots.js";
import { wordDistance } from "./word-distance.js";

/** A slot in which an instruction says something else than the nearest trained one; null where nothing is said. */
export interface SlotDifference {
  readonly slot: Slot;
  readonly said: string | null;
  readonly trained: string | null;
}

/** How an instruction that was not trained on compares with those that were. */
export interface Wording {
  /** The trained wording that differs in the fewest slots and, among those, in the fewest words. */
  readonly nearest: string;
  readonly differences: readonly SlotDifference[];
  /** Words that no trained wording has. */
  readonly unfamiliar: readonly string[];
}

interface Candidate {
  readonly instruction: string;
  readonly differences: readonly SlotDifference[];
  readonly distance: number;
}

/** Compares an instruction with the trained ones; null without any. */
export function compareWording(instruction: string, trained: readonly string[]): Wording | null {
  const words = wordsOf(instruction);
  const slots = readSlots(words);
  const known = new Set(trained.flatMap(wordsOf));
  const unfamiliar = [...new Set(words)].filter((word) => !known.has(word));
  const candidates = trained.map((other): Candidate => {
    const otherWords = wordsOf(other);
    const distance = wordDistance(words, otherWords);
    return { instruction: other, distance, differences: differencesOf(slots, readSlots(otherWords)) };
  });
  const [first, ...others] = candidates;
  if (first === undefined) {
    return null;
  }
  const nearest = others.reduce((best, other) => (isNearer(other, best) ? other : best), first);
  return {
    nearest: nearest.instruction,
    unfamiliar,
    differences: nearest.differences.map((difference) =>
      difference.slot === "object" && difference.said === null
        ? { ...difference, said: strangeThing(words, unfamiliar) }
        : difference,
    ),
  };
}

/** One sentence on what differs, for people. */
export function describeWording({ nearest, differences, unfamiliar }: Wording): string {
  const slots = differences.map(({ slot, said, trained }) => {
    if (said === null) {
      return `you say no ${slot}, there it is "${trained}"`;
    }
    return trained === null ? `there is no ${slot} "${said}"` : `${slot} "${said}" instead of "${trained}"`;
  });
  const words = unfamiliar.length === 0 ? [] : [`words that it never heard: ${unfamiliar.join(", ")}`];
  const all = [...slots, ...words];
  return `the nearest is "${nearest}" (${all.length === 0 ? "the same in other words" : all.join("; ")})`;
}

function differencesOf(said: SlotValues, trained: SlotValues): readonly SlotDifference[] {
  return SLOTS.flatMap((slot) =>
    said[slot] === trained[slot] ? [] : [{ slot, said: said[slot], trained: trained[slot] }],
  );
}

function isNearer(one: Candidate, other: Candidate): boolean {
  const slots = one.differences.length - other.differences.length;
  return slots < 0 || (slots === 0 && one.distance < other.distance);
}

/** What an article and words that were never heard call by name. */
function strangeThing(words: readonly string[], unfamiliar: readonly string[]): string | null {
  const start = words.findIndex((word, place) => unfamiliar.includes(word) && ARTICLES.has(words[place - 1] ?? ""));
  const rest = start < 0 ? [] : words.slice(start);
  const end = rest.findIndex((word) => !unfamiliar.includes(word));
  return rest.slice(0, end < 0 ? rest.length : end).join(" ") || null;
}

const ARTICLES: ReadonlySet<string> = new Set(["the", "a", "an"]);
