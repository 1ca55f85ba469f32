import { z } from "zod";
import { parseLine } from "../../daemon/ports/parse-line.js";
import type { ToPuppet } from "../../daemon/types/puppet.js";

/** Seconds since the host started: 30 years. Far beyond, an instant is too coarse to count readings from. */
const LONGEST_UP = 1e9;

const toPuppet = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ticks"),
    ticks: z.strictObject({ dueAt: z.number().min(0).max(LONGEST_UP), period: z.number().min(0.001).max(1) }),
  }),
  z.strictObject({ kind: z.literal("refused"), reason: z.string().max(200) }),
]);

/** Parses one line of the arm process; a string says what is wrong with it. */
export function parseToPuppet(line: string): ToPuppet | string {
  return parseLine(line, toPuppet);
}
