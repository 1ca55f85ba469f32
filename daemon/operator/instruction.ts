/** Longest instruction in characters; the trained ones have under 120. */
export const MAXIMUM_INSTRUCTION = 400;

/** A usable instruction, or what is wrong with it. */
export type InstructionCheck =
  | { readonly kind: "known"; readonly instruction: string }
  | { readonly kind: "unknown"; readonly instruction: string; readonly nearest: string | null }
  | {
      readonly kind: "unusable";
      readonly code: "instruction-empty" | "instruction-too-long" | "instruction-characters";
      readonly message: string;
    };

/** Puts an instruction into the form that the model was trained on and compares it with the trained ones. */
export function checkInstruction(text: string, trained: readonly string[]): InstructionCheck {
  if (text.length > MAXIMUM_INSTRUCTION) {
    return {
      kind: "unusable",
      code: "instruction-too-long",
      message: `the instruction has ${text.length} characters, at most ${MAXIMUM_INSTRUCTION} are allowed`,
    };
  }
  const instruction = normalise(text);
  if (instruction === "") {
    return { kind: "unusable", code: "instruction-empty", message: "the instruction is empty" };
  }
  if (/[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u.test(instruction)) {
    return {
      kind: "unusable",
      code: "instruction-characters",
      message: "the instruction contains characters that are not text",
    };
  }
  return trained.some((known) => normalise(known) === instruction)
    ? { kind: "known", instruction }
    : { kind: "unknown", instruction, nearest: nearestInstruction(instruction, trained) };
}

/** Lower case, single spaces, no full stop at the end: a trailing "." alone makes policies misbehave (openvla-oft#95). */
function normalise(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[.!]+$/u, "")
    .trim();
}

/** The trained instruction with the fewest words to change; null without any. */
export function nearestInstruction(instruction: string, trained: readonly string[]): string | null {
  const words = instruction.split(" ");
  let nearest: string | null = null;
  let fewest = Number.POSITIVE_INFINITY;
  for (const known of trained) {
    const distance = wordDistance(words, normalise(known).split(" "));
    if (distance < fewest) {
      fewest = distance;
      nearest = known;
    }
  }
  return nearest;
}

/** Levenshtein distance over words. */
function wordDistance(from: readonly string[], to: readonly string[]): number {
  let row = to.map((_, column) => column + 1);
  let first = 0;
  for (const word of from) {
    let diagonal = first;
    first += 1;
    let left = first;
    row = row.map((above, column) => {
      const cost = Math.min(above + 1, left + 1, diagonal + (word === to[column] ? 0 : 1));
      diagonal = above;
      left = cost;
      return cost;
    });
  }
  return row.at(-1) ?? first;
}
