import { z } from "zod";

/** A number without a written source is none. */
export function sourced<T extends z.ZodType>(value: T) {
  return z.strictObject({ value, source: z.string().min(8) });
}
