import type { Mode } from "../types/mode.js";

// Interlocks: HO-14.

/** Everything that may change the mode. */
export type ModeEvent =
  /** The link to the arm is up and its state arrives. */
  | "link-up"
  | "link-lost"
  /** A latched stop: operator, guard, arm fault, guardian. */
  | "stopped"
  /** Motion ended by a stopping ramp: operator gone, starved, asked to hold. */
  | "ramped"
  | "home-reached"
  | "engaged"
  | "disengaged"
  | "policy-started"
  | "home-started"
  | "acknowledged";

/** Every transition there is; what is not listed does not exist. */
const TRANSITIONS: Readonly<Record<Mode, Partial<Readonly<Record<ModeEvent, Mode>>>>> = {
  disconnected: { "link-up": "standby", stopped: "fault" },
  standby: { "link-lost": "disconnected", stopped: "fault", engaged: "hold" },
  hold: {
    "link-lost": "disconnected",
    stopped: "fault",
    ramped: "hold",
    disengaged: "standby",
    "policy-started": "policy",
    "home-started": "homing",
  },
  homing: { "link-lost": "disconnected", stopped: "fault", ramped: "hold", "home-reached": "hold" },
  policy: { "link-lost": "disconnected", stopped: "fault", ramped: "hold" },
  // A latch outlives the link.
  fault: { acknowledged: "standby" },
};

/** The mode after an event; null when the event does not exist in this mode. */
export function nextMode(mode: Mode, event: ModeEvent): Mode | null {
  return TRANSITIONS[mode][event] ?? null;
}

/** True while setpoints are streamed. */
export function isEngaged(mode: Mode): boolean {
  return mode === "hold" || isMoving(mode);
}

/** True while something other than the operator's stop decides where the arm goes. */
export function isMoving(mode: Mode): boolean {
  return mode === "homing" || mode === "policy";
}
