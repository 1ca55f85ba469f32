import type { ToolFrame } from "./codec.js";

// Interlocks: ML-18.

const DEGREE = Math.PI / 180;

/** What the controller has to count with at its flange; units as in `ToolFrame`. */
export type ToolDescription = Omit<ToolFrame, "name">;

/** Nothing at the flange: what a controller counts with after power-up. */
export const NO_LOAD: ToolDescription = { position: [0, 0, 0], angles: [0, 0, 0], payload: 0, centre: [0, 0, 0] };

/** Read-back is exact but for rounding to the units of the wire (1 g, 0.001 mm, 0.001 rad) and of who types them in. */
const PAYLOAD_TOLERANCE = 0.000_5;
const LENGTH_TOLERANCE = 0.000_1;
const ANGLE_TOLERANCE = 0.002;

/** In what the tool frame in use differs from what is at the flange, in words; null for nothing. */
export function toolMismatch(expected: ToolDescription, found: ToolFrame): string | null {
  const differs = (one: readonly number[], other: readonly number[], tolerance: number): boolean =>
    one.some((value, index) => !(Math.abs(value - (other[index] ?? Number.NaN)) <= tolerance));
  const wrong = (what: string, is: string, not: string): string =>
    `the arm's controller counts with ${what} ${is} at its flange (its tool frame ${found.name}), not ${not}`;
  if (differs([expected.payload], [found.payload], PAYLOAD_TOLERANCE)) {
    return wrong("a payload of", grams(found.payload), grams(expected.payload));
  }
  if (differs(expected.centre, found.centre, LENGTH_TOLERANCE)) {
    return wrong("the centre of mass", millimetres(found.centre), millimetres(expected.centre));
  }
  if (differs(expected.position, found.position, LENGTH_TOLERANCE)) {
    return wrong("a tool frame at", millimetres(found.position), millimetres(expected.position));
  }
  // Half a turn forth and half a turn back are the same.
  const turns = expected.angles.map((angle, index) => wrapped(angle - (found.angles[index] ?? Number.NaN)));
  if (differs(turns, [0, 0, 0], ANGLE_TOLERANCE)) {
    return wrong("a tool frame turned by", degrees(found.angles), degrees(expected.angles));
  }
  return null;
}

function wrapped(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

function grams(value: number): string {
  return `${(value * 1000).toFixed(0)} g`;
}

function millimetres(values: readonly number[]): string {
  return `[${values.map((value) => (value * 1000).toFixed(1)).join(", ")}] mm`;
}

function degrees(values: readonly number[]): string {
  return `[${values.map((value) => (value / DEGREE).toFixed(1)).join(", ")}] deg`;
}
