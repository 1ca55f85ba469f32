/** A JSON object as parsed; every field is unknown until it is checked. */
export type JsonObject = { readonly [field: string]: unknown };

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** True for a JSON object, false for null and lists. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses one line as a JSON object in strict UTF-8; null for anything else. */
export function parseJsonObject(line: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(line));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** True for an integer inside [minimum, maximum]; nothing is coerced. */
export function isIntegerIn(value: unknown, minimum: number, maximum: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum;
}

/** True for a list of exactly `length` integers inside [minimum, maximum]. */
export function isIntegerList(
  value: unknown,
  length: number,
  minimum: number,
  maximum: number,
): value is readonly number[] {
  return Array.isArray(value) && value.length === length && value.every((item) => isIntegerIn(item, minimum, maximum));
}
