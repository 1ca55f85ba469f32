import { compareWording, type Wording } from "./wording.js";

/** Longest instruction in characters; the trained ones have under 120. */
export const MAXIMUM_INSTRUCTION = 400;

/** A usable instruction, or what is wrong with it. */
export type InstructionCheck =
  | { readonly kind: "known"; readonly instruction: string }
  | { readonly kind: "unknown"; readonly instruction: string; readonly wording: Wording | null }
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
    : { kind: "unknown", instruction, wording: compareWording(instruction, trained) };
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
