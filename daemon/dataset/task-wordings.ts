import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DatasetError } from "./dataset-error.js";

const wordings = z.array(
  z.strictObject({
    instruction: z.string().min(1),
    /** Other wordings of the same instruction. */
    paraphrases: z.array(z.string().min(1)).default([]),
    coarse: z.string().min(1),
    fine: z.string().min(1),
  }),
);

/** What one instruction means at both levels, as the paper's Table 7 has it. */
export type TaskWording = z.infer<typeof wordings>[number];

/** Reads a list of tasks from a JSON file. */
export async function readTaskWordings(path: string): Promise<readonly TaskWording[]> {
  const hint = 'It must be a JSON list of {"instruction", "paraphrases", "coarse", "fine"}.';
  try {
    return wordings.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const words =
      cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause instanceof Error ? cause.message : cause);
    throw new DatasetError(`${path} is no list of tasks: ${words}`, hint, { cause });
  }
}
