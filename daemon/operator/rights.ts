import type { Mode } from "../types/mode.js";
import type { Role } from "../types/role.js";
import type { ClientMessage } from "./client-message.js";

// Interlocks: SE-03, OP-04.

const WORKING: readonly Mode[] = ["standby", "hold", "homing", "policy", "align", "teleop"];
const ANY: readonly Mode[] = ["disconnected", ...WORKING, "recovery", "fault"];

/** In which modes each role may send a message; a role that is not named may not in any. */
export type Rights = Readonly<Record<ClientMessage["type"], Partial<Readonly<Record<Role, readonly Mode[]>>>>>;

function everybody(modes: readonly Mode[]): Rights["stop"] {
  return { viewer: modes, ...operators(modes) };
}

function operators(modes: readonly Mode[]): Rights["stop"] {
  return { operator: modes, ...supervisors(modes) };
}

function supervisors(modes: readonly Mode[]): Rights["stop"] {
  return { supervisor: modes, maintainer: modes };
}

/** Who may send what, and when. The arm process decides once more by its own state, which is newer. */
export const RIGHTS: Rights = {
  authenticate: everybody(ANY),
  stop: everybody(ANY),
  subscribe: everybody(ANY),
  status: everybody(ANY),
  "take-control": operators(ANY),
  renew: operators(ANY),
  "release-control": operators(ANY),
  instruct: operators(WORKING),
  pause: operators(WORKING),
  resume: operators(WORKING),
  replay: operators(WORKING),
  record: operators(ANY),
  home: operators(WORKING),
  teleop: operators(WORKING),
  "end-teleop": operators(WORKING),
  acknowledge: operators(["fault"]),
  recover: supervisors(["fault"]),
  "take-over": supervisors(ANY),
  "allow-unattended": supervisors(ANY),
};

/** Whether a message may be sent by a role in a mode, or which of the two is in the way. */
export function mayAsk(type: ClientMessage["type"], role: Role, mode: Mode): "yes" | "not-your-role" | "not-in-mode" {
  const modes = RIGHTS[type][role];
  if (modes === undefined) {
    return "not-your-role";
  }
  return modes.includes(mode) ? "yes" : "not-in-mode";
}
