import type { Instant } from "../../../daemon/types/units.js";
import type { JsonObject } from "../../rm75/json-object.js";
import type { ArrivalRecord } from "./arrivals.js";
import type { ControllerState } from "./controller-state.js";
import type { Segment } from "./motion.js";
import type { Json } from "./registers.js";

/** Who sent a command, and how to answer. */
export interface Caller {
  /** Counts connections since the controller started. */
  readonly id: number;
  /** True for a serial line, where frames of a stream are answered. */
  readonly serial: boolean;
  send(reply: { readonly [field: string]: Json }): void;
}

/** Stops; says so and goes on; says that it does not, and goes on. */
export type StopObedience = "obeys" | "ignores" | "refuses";

/** What a command works on. */
export interface Execution {
  readonly state: ControllerState;
  readonly arrivals: ArrivalRecord;
  /** What an injected fault makes the arm do with stops. */
  readonly onStop: StopObedience;
  /** Segments of a chain that waits for its last member (`trajectory_connect` 1). */
  readonly chain: Segment[];
}

/** Carries out one request that came at `at`. */
export type Command = (run: Execution, request: JsonObject, caller: Caller, at: Instant) => void;

/** A list of two numbers, the joint and its value; NaN for anything else. */
export function jointAndValue(value: unknown): readonly [joint: number, value: number] {
  return Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "number"
    ? [value[0], value[1]]
    : [Number.NaN, Number.NaN];
}
