import { z } from "zod";
import { parseLine } from "../../daemon/ports/parse-line.js";
import type { ToPuppet } from "../../daemon/types/puppet.js";

const toPuppet = z.strictObject({ kind: z.literal("refused"), reason: z.string().max(200) });

/** Parses one line of the arm process; a string says what is wrong with it. */
export function parseToPuppet(line: string): ToPuppet | string {
  return parseLine(line, toPuppet);
}
