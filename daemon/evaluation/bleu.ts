/** One text as it came out beside the true one. */
export interface TextPair {
  readonly made: string;
  readonly truth: string;
  /** How often it came out. */
  readonly times: number;
}

const LONGEST = 4;

/**
 * Corpus BLEU-4 in 0..1 over words between blanks, one reference a text, no smoothing (Papineni et al. 2002). Where
 * every text made is shorter than four words, the longest n-grams that there are take the place of four
 * (`effective order` of sacreBLEU): "move the bread" said right is 1, not 0. NaN without texts.
 */
export function corpusBleu(pairs: readonly TextPair[]): number {
  if (pairs.length === 0) {
    return Number.NaN;
  }
  let made = 0;
  let wanted = 0;
  const hits = Array<number>(LONGEST).fill(0);
  const totals = Array<number>(LONGEST).fill(0);
  for (const pair of pairs) {
    const [words, truth] = [wordsOf(pair.made), wordsOf(pair.truth)];
    made += words.length * pair.times;
    wanted += truth.length * pair.times;
    for (let n = 1; n <= LONGEST; n += 1) {
      const [ours, theirs] = [grams(words, n), grams(truth, n)];
      for (const [gram, count] of ours) {
        hits[n - 1] = (hits[n - 1] ?? 0) + Math.min(count, theirs.get(gram) ?? 0) * pair.times;
        totals[n - 1] = (totals[n - 1] ?? 0) + count * pair.times;
      }
    }
  }
  const precisions = hits.flatMap((hit, n) => ((totals[n] ?? 0) > 0 ? [hit / (totals[n] ?? 1)] : []));
  if (precisions.length === 0) {
    return 0;
  }
  const brevity = made < wanted ? Math.exp(1 - wanted / made) : 1;
  return brevity * Math.exp(precisions.reduce((sum, part) => sum + Math.log(part), 0) / precisions.length);
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/u).filter((word) => word !== "");
}

/** The n-grams of a text and how often it has each. */
function grams(words: readonly string[], n: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + n <= words.length; start += 1) {
    const gram = words.slice(start, start + n).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}
