import { normaliseInstruction } from "./prompt.js";

/** How an instruction compares with those the model was trained on. */
export interface NearestInstruction {
  /** The trained instruction that needs the fewest word changes. */
  readonly instruction: string;
  /** Words to insert, remove or replace; 0 when the wording is a trained one. */
  readonly distance: number;
  /** Words of the given instruction that the trained one does not have in that place. */
  readonly unknownWords: readonly string[];
  /** Words of the trained instruction that are missing in the given one. */
  readonly missingWords: readonly string[];
}

/** The trained instruction nearest to a wording by edit distance over words; null when none is trained. */
export function nearestInstruction(instruction: string, trained: readonly string[]): NearestInstruction | null {
  const words = wordsOf(instruction);
  let nearest: NearestInstruction | null = null;
  for (const candidate of trained) {
    const difference = compareWords(words, wordsOf(candidate));
    if (nearest === null || difference.distance < nearest.distance) {
      nearest = { instruction: candidate, ...difference };
    }
  }
  return nearest;
}

function wordsOf(instruction: string): readonly string[] {
  const normalised = normaliseInstruction(instruction);
  return normalised.kind === "instruction" ? (normalised.text.match(/[\p{L}\p{N}'-]+/gu) ?? []) : [];
}

type Difference = Pick<NearestInstruction, "distance" | "unknownWords" | "missingWords">;

/** Levenshtein distance over words, then the differing words along one cheapest way back. */
function compareWords(given: readonly string[], trained: readonly string[]): Difference {
  const rows: number[][] = [trained.map((_, j) => j).concat(trained.length)];
  const cost = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  given.forEach((word, i) => {
    const row = [i + 1];
    rows.push(row);
    trained.forEach((other, j) => {
      row.push(Math.min(cost(i, j) + (word === other ? 0 : 1), cost(i, j + 1) + 1, cost(i + 1, j) + 1));
    });
  });
  const unknownWords: string[] = [];
  const missingWords: string[] = [];
  let i = given.length;
  let j = trained.length;
  while (i > 0 || j > 0) {
    const word = given[i - 1];
    const other = trained[j - 1];
    if (word !== undefined && word === other && cost(i, j) === cost(i - 1, j - 1)) {
      i -= 1;
      j -= 1;
    } else if (word !== undefined && other !== undefined && cost(i, j) === cost(i - 1, j - 1) + 1) {
      unknownWords.unshift(word);
      missingWords.unshift(other);
      i -= 1;
      j -= 1;
    } else if (word !== undefined && cost(i, j) === cost(i - 1, j) + 1) {
      unknownWords.unshift(word);
      i -= 1;
    } else {
      missingWords.unshift(other ?? "");
      j -= 1;
    }
  }
  return { distance: cost(given.length, trained.length), unknownWords, missingWords };
}
