/** Longest instruction that is taken, in characters; the longest of the paper's tables has 104. */
export const MAXIMUM_INSTRUCTION_LENGTH = 400;

/** An instruction as the model takes it, or why it is not taken. */
export type NormalisedInstruction =
  | { readonly kind: "instruction"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Lower-cases an instruction and makes its white space single blanks; refuses empty and overlong ones. */
export function normaliseInstruction(instruction: string): NormalisedInstruction {
  if (instruction.length > MAXIMUM_INSTRUCTION_LENGTH) {
    return {
      kind: "refused",
      reason: `The instruction has ${instruction.length} characters; say it in at most ${MAXIMUM_INSTRUCTION_LENGTH}.`,
    };
  }
  const text = instruction.normalize("NFC").toLowerCase().replace(/\s+/gu, " ").trim();
  if (text === "") {
    return { kind: "refused", reason: "The instruction is empty; say what to move, by which part and where to." };
  }
  if (/\p{Cc}/u.test(text)) {
    return { kind: "refused", reason: "The instruction has control characters; use plain words." };
  }
  return { kind: "instruction", text };
}

/** Puts a normalised instruction into the manifest's prompt. */
export function buildPrompt(template: string, instruction: string): string {
  return template.replace("{instruction}", () => instruction);
}
