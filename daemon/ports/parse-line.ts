import type { ZodType } from "zod";

/** Parses one line of JSON; a string says what is wrong with it. */
export function parseLine<T extends object>(line: string, schema: ZodType<T>): T | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "a line that is not JSON";
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  return `a wrong message: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
}
