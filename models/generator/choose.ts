/** A code chosen inside its band. */
export interface ChosenCode {
  /** Codebook entry 0..K-1. */
  readonly code: number;
  /** Softmax probability among the codes of the band. */
  readonly probability: number;
}

/** The most likely code of a band (`id = base - code`) and its probability there; null when a logit is not finite. */
export function chooseCode(logits: Float32Array, base: number, codebookSize: number): ChosenCode | null {
  let best = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (let code = 0; code < codebookSize; code += 1) {
    const logit = logits[base - code] ?? Number.NaN;
    if (!Number.isFinite(logit)) {
      return null;
    }
    if (logit > largest) {
      largest = logit;
      best = code;
    }
  }
  let sum = 0;
  for (let code = 0; code < codebookSize; code += 1) {
    sum += Math.exp((logits[base - code] ?? Number.NaN) - largest);
  }
  return { code: best, probability: 1 / sum };
}

/** The most likely id of the whole vocabulary, the first one of equals; null when a logit is not finite. */
export function chooseId(logits: Float32Array): number | null {
  let best = 0;
  for (let id = 0; id < logits.length; id += 1) {
    const logit = logits[id] ?? Number.NaN;
    if (!Number.isFinite(logit)) {
      return null;
    }
    if (logit > (logits[best] ?? Number.NaN)) {
      best = id;
    }
  }
  return best;
}
