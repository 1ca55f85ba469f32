import { z } from "zod";

/** In the units of the file. A number that is next to nothing becomes zero in SI units, and nothing may be divided by that. */
export const positive = z.number().min(0.001);

/** A number without a written source is none. */
export function sourced<T extends z.ZodType>(value: T) {
  return z.strictObject({ value, source: z.string().min(8) });
}

/** At most the catalogue's number: a file may only be stricter. */
export const most = (ceiling: number) => sourced(positive.max(ceiling));

/** At least the catalogue's number. */
export const least = (floor: number, ceiling: number) => sourced(z.number().min(floor).max(ceiling));
