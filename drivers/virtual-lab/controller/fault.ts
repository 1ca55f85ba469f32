import { isJsonObject } from "../../rm75/json-object.js";

/** What can be made to go wrong; those marked "lasting" end with `clear` or a reset of the controller. */
export type Fault =
  /** Lasting: reads and executes, but neither answers nor pushes. */
  | { readonly kind: "silence" }
  /** Lasting: new connections are refused, present ones stay. */
  | { readonly kind: "refuse-connect" }
  /** Reads nothing from present connections for a while, then takes everything that queued up. */
  | { readonly kind: "stall-reading"; readonly seconds: number }
  /** The next `count` datagrams get lost; lasting when `count` is null. */
  | { readonly kind: "drop-udp"; readonly count: number | null }
  /** Lasting: pushes the same datagram again and again. */
  | { readonly kind: "freeze-udp" }
  /** Raises a system error: the arm stops quickly. */
  | { readonly kind: "system-error"; readonly code: number }
  /** Sets error bits of a joint, 1 to 7; it stops responding. */
  | { readonly kind: "joint-error"; readonly joint: number; readonly bits: number }
  /** Takes the power from a joint's drive, 1 to 7. */
  | { readonly kind: "joint-disabled"; readonly joint: number }
  /** Lasting: confirms stops without stopping. */
  | { readonly kind: "ignore-stop" }
  /** Lasting: every reply goes out one byte at a time. */
  | { readonly kind: "slice-replies" }
  /** Sends bytes that are no message to every connection. */
  | { readonly kind: "garbage" }
  /** Closes every connection in order, or with a reset. */
  | { readonly kind: "close-connections"; readonly reset: boolean }
  /** Ends every lasting fault; errors of arm and joints stay. */
  | { readonly kind: "clear" };

/** Checks a fault that came as JSON; throws TypeError that says what is wrong. */
export function faultFrom(value: unknown): Fault {
  if (!isJsonObject(value)) {
    throw new TypeError("a fault is an object with a `kind`");
  }
  const { kind } = value;
  switch (kind) {
    case "silence":
    case "refuse-connect":
    case "freeze-udp":
    case "ignore-stop":
    case "slice-replies":
    case "garbage":
    case "clear":
      return { kind };
    case "stall-reading":
      return { kind, seconds: numberIn(value.seconds, "seconds", 0, 600) };
    case "drop-udp":
      return { kind, count: value.count === null ? null : numberIn(value.count, "count", 1, 1e6) };
    case "system-error":
      return { kind, code: numberIn(value.code, "code", 1, 0xffff) };
    case "joint-error":
      return {
        kind,
        joint: numberIn(value.joint, "joint", 1, 7),
        bits: numberIn(value.bits, "bits", 0, 0xffff),
      };
    case "joint-disabled":
      return { kind, joint: numberIn(value.joint, "joint", 1, 7) };
    case "close-connections":
      return { kind, reset: value.reset === true };
    default:
      throw new TypeError(`unknown fault: ${String(kind)}`);
  }
}

function numberIn(value: unknown, field: string, minimum: number, maximum: number): number {
  if (typeof value !== "number" || !(value >= minimum && value <= maximum)) {
    throw new TypeError(`\`${field}\` is a number from ${minimum} to ${maximum}`);
  }
  return value;
}
