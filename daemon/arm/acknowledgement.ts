import type { Role } from "../types/role.js";
import type { Instant, Seconds } from "../types/units.js";
import type { StopCode } from "./stop-codes.js";

// Interlocks: OP-12.

/** The same fault this often within this time is no accident any more (reference/safety.md, OP-12). */
const OFTEN = 3;
const WITHIN: Seconds = 600;

/**
 * Who may acknowledge a latched stop (reference/safety.md section 3): operators what a person or the cell caused,
 * supervisors what points at the arm or at a fault of this program.
 */
const ROLE_FOR: Readonly<Record<StopCode, Role>> = {
  "not-finite": "supervisor",
  position: "supervisor",
  step: "supervisor",
  velocity: "supervisor",
  acceleration: "supervisor",
  jerk: "supervisor",
  "speed-rises": "supervisor",
  "first-setpoint": "supervisor",
  "off-schedule": "supervisor",
  "old-epoch": "supervisor",
  "mode-forbids": "supervisor",
  latched: "supervisor",
  "cartesian-speed": "supervisor",
  "arm-fault": "supervisor",
  "guardian-fired": "supervisor",
  overspeed: "supervisor",
  "too-near": "supervisor",
  "moves-unasked": "supervisor",
  "foreign-motion": "supervisor",
  "stop-not-obeyed": "supervisor",
  "following-error": "operator",
  workspace: "operator",
  table: "operator",
  "self-collision": "operator",
  "state-stale": "operator",
  "operator-lost": "operator",
  "operator-gone": "operator",
  "operator-changed": "operator",
  "deadman-released": "operator",
  "guardian-lost": "operator",
  "operator-stop": "operator",
  "cell-open": "operator",
  "daemon-lost": "operator",
  "policy-starved": "operator",
  "link-lost": "operator",
  "controller-restarted": "operator",
  stalled: "operator",
  "shut-down": "operator",
  "outside-limits": "operator",
  "cartesian-overspeed": "operator",
  "below-table": "operator",
  "falls-behind": "operator",
  "joint-stuck": "operator",
  oscillation: "operator",
  "out-of-envelope": "operator",
  "policy-garbage": "operator",
  "policy-unfamiliar": "operator",
  "policy-out-of-range": "operator",
  "policy-jumps": "operator",
  "policy-late": "operator",
  "pictures-late": "operator",
  "policy-overrun": "operator",
  "joint-hot": "operator",
  "joint-current": "operator",
  "joint-voltage": "operator",
  "controller-hot": "operator",
  "gripper-fault": "operator",
  "state-late": "operator",
  "state-frozen": "operator",
  "state-implausible": "operator",
  "state-foreign": "operator",
  "arm-silent": "operator",
  "link-stalled": "operator",
  "replies-garbled": "operator",
  "setpoint-refused": "operator",
  "reply-unasked": "operator",
  "arm-changed": "supervisor",
  "collision-unread": "operator",
  "tool-wrong": "supervisor",
  "machine-late": "operator",
  "resources-short": "operator",
  "leader-released": "operator",
  "taken-over": "operator",
  recovered: "operator",
  "leader-jump": "operator",
  "leader-late": "operator",
  "leader-lost": "operator",
  "leader-frozen": "operator",
  "leader-apart": "operator",
};

/** Remembers latched stops, so that one which comes back again and again needs a maintainer. */
export class Acknowledgement {
  #latched: readonly { readonly code: StopCode; readonly at: Instant }[] = [];

  /**
   * Who may acknowledge a stop that latches now; `usual` where that depends on more than its code. A person's stop may
   * come as often as they like.
   */
  roleFor(code: StopCode, now: Instant, usual: Role = ROLE_FOR[code]): Role {
    if (code === "operator-stop") {
      return usual;
    }
    this.#latched = [...this.#latched.filter(({ at }) => now - at <= WITHIN), { code, at: now }];
    return this.#latched.filter((stop) => stop.code === code).length >= OFTEN ? "maintainer" : usual;
  }
}
