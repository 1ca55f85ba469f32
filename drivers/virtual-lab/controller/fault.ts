import { isJsonObject, type JsonObject } from "../../rm75/json-object.js";

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
  /** Lasting: the joint, 1 to 7, reports this temperature in degrees Celsius; null reports nothing. */
  | { readonly kind: "joint-temperature"; readonly joint: number; readonly celsius: number | null }
  /** Lasting: the joint, 1 to 7, reports this supply in V. */
  | { readonly kind: "joint-voltage"; readonly joint: number; readonly volt: number }
  /** Lasting: the joint, 1 to 7, reports this current in A. */
  | { readonly kind: "joint-current"; readonly joint: number; readonly ampere: number }
  /** Lasting: the controller reports this temperature in degrees Celsius. */
  | { readonly kind: "controller-temperature"; readonly celsius: number }
  /** In the next `count` datagrams the joint, 1 to 7, is so many degrees from where it is. */
  | { readonly kind: "jump-udp"; readonly joint: number; readonly degrees: number; readonly count: number }
  /** Lasting: the joint, 1 to 7, moves by itself at so many degrees a second, besides what it is told. */
  | { readonly kind: "drift"; readonly joint: number; readonly degreesPerSecond: number }
  /** Lasting: the joint, 1 to 7, stays where it is, whatever it is told. */
  | { readonly kind: "stick"; readonly joint: number }
  /** Lasting: the push carries this status word, for example `current_drag`. */
  | { readonly kind: "status"; readonly word: string }
  /** Lasting: the gripper reports these error bits, and whether it is there. */
  | { readonly kind: "gripper"; readonly errors: number; readonly online: boolean }
  /** Lasting: the tool frame in use has this payload in g, whatever it was set to. */
  | { readonly kind: "payload"; readonly gram: number }
  /** Switched off and on: everything ends, `seconds` later it listens again, with no load and its running time from 0. */
  | { readonly kind: "restart"; readonly seconds: number }
  /** It says that it has run for so long, and counts on from there. */
  | { readonly kind: "running-time"; readonly seconds: number }
  /** Lasting: answers nothing, but goes on pushing its state. */
  | { readonly kind: "mute" }
  /** Lasting: confirms stops without stopping. */
  | { readonly kind: "ignore-stop" }
  /** Lasting: refuses stops, and goes on. */
  | { readonly kind: "refuse-stop" }
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
    case "refuse-stop":
    case "slice-replies":
    case "garbage":
    case "mute":
    case "clear":
      return { kind };
    case "joint-temperature": {
      const { celsius } = value;
      return {
        kind,
        joint: jointOf(value),
        celsius: celsius === null ? null : numberIn(celsius, "celsius", -273, 500),
      };
    }
    case "joint-voltage":
      return { kind, joint: jointOf(value), volt: numberIn(value.volt, "volt", 0, 100) };
    case "joint-current":
      return { kind, joint: jointOf(value), ampere: numberIn(value.ampere, "ampere", -100, 100) };
    case "controller-temperature":
      return { kind, celsius: numberIn(value.celsius, "celsius", -273, 500) };
    case "jump-udp":
      return {
        kind,
        joint: jointOf(value),
        degrees: numberIn(value.degrees, "degrees", -720, 720),
        count: numberIn(value.count, "count", 1, 1e6),
      };
    case "drift": {
      const degreesPerSecond = numberIn(value.degreesPerSecond, "degreesPerSecond", -1000, 1000);
      return { kind, joint: jointOf(value), degreesPerSecond };
    }
    case "stick":
      return { kind, joint: jointOf(value) };
    case "status":
      if (typeof value.word !== "string") {
        throw new TypeError("`word` is a status word");
      }
      return { kind, word: value.word };
    case "gripper":
      return { kind, errors: numberIn(value.errors, "errors", 0, 31), online: value.online !== false };
    case "payload":
      return { kind, gram: numberIn(value.gram, "gram", 0, 5000) };
    case "running-time":
      return { kind, seconds: numberIn(value.seconds, "seconds", 0, 1e9) };
    case "restart":
      return { kind, seconds: numberIn(value.seconds, "seconds", 0, 600) };
    case "stall-reading":
      return { kind, seconds: numberIn(value.seconds, "seconds", 0, 600) };
    case "drop-udp":
      return { kind, count: value.count === null ? null : numberIn(value.count, "count", 1, 1e6) };
    case "system-error":
      return { kind, code: numberIn(value.code, "code", 1, 0xffff) };
    case "joint-error":
      return {
        kind,
        joint: jointOf(value),
        bits: numberIn(value.bits, "bits", 0, 0xffff),
      };
    case "joint-disabled":
      return { kind, joint: jointOf(value) };
    case "close-connections":
      return { kind, reset: value.reset === true };
    default:
      throw new TypeError(`unknown fault: ${String(kind)}`);
  }
}

function jointOf({ joint }: JsonObject): number {
  return numberIn(joint, "joint", 1, 7);
}

function numberIn(value: unknown, field: string, minimum: number, maximum: number): number {
  if (typeof value !== "number" || !(value >= minimum && value <= maximum)) {
    throw new TypeError(`\`${field}\` is a number from ${minimum} to ${maximum}`);
  }
  return value;
}
