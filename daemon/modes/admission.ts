import type { ArmRequest } from "../types/arm-link.js";
import type { Mode } from "../types/mode.js";
import type { ModeEvent } from "./mode-machine.js";

/** What is known when a request arrives. */
export interface Conditions {
  /** The request carries the lease of the operator whose beats arrive. */
  readonly inControl: boolean;
  /** Beats of the guardian arrive. */
  readonly guardian: boolean;
  /** The link is up and arm state is fresh. */
  readonly fresh: boolean;
  /** The arm's own fault in words; null when it has none. */
  readonly fault: string | null;
  /** The measured pose lies inside the soft limits. */
  readonly inside: boolean;
  /** Nothing is moving: no ramp under way. */
  readonly still: boolean;
}

/** A request is admitted as an event of the mode machine, or refused with the reason for the operator. */
export type Admission =
  | { readonly ok: true; readonly event: ModeEvent }
  | { readonly ok: false; readonly reason: string };

type Requirement = keyof typeof REASONS;

const REASONS = {
  inControl: "you are not in control: take control first, and keep its beats coming",
  guardian: "the guardian process is not there or not connected to the arm: start it",
  fresh: "no fresh state from the arm: check its link",
  healthy: "the arm itself reports a fault",
  inside: "the arm stands outside its soft limits: move it back with the vendor's pendant",
  still: "the arm is still coming to rest: ask again",
} as const;

interface Rule {
  readonly from: readonly Mode[];
  readonly event: ModeEvent;
  readonly needs: readonly Requirement[];
}

const MOTION: readonly Requirement[] = ["inControl", "guardian", "fresh", "healthy", "inside", "still"];

const RULES: Readonly<Record<ArmRequest["kind"], Rule>> = {
  engage: { from: ["standby"], event: "engaged", needs: MOTION },
  "follow-policy": { from: ["hold"], event: "policy-started", needs: MOTION },
  home: { from: ["hold"], event: "home-started", needs: MOTION },
  // Coming to rest needs nobody's authority.
  hold: { from: ["hold", "homing", "policy"], event: "ramped", needs: [] },
  disengage: { from: ["hold"], event: "disengaged", needs: ["still"] },
  acknowledge: { from: ["fault"], event: "acknowledged", needs: ["inControl", "fresh", "healthy"] },
};

/** Decides about a request; everything not provided for is refused. */
export function admit(mode: Mode, request: ArmRequest["kind"], conditions: Conditions): Admission {
  const rule = RULES[request];
  if (!rule.from.includes(mode)) {
    return { ok: false, reason: `${request} is possible in ${rule.from.join(" or ")}, and the mode is ${mode}` };
  }
  const met: Readonly<Record<Requirement, boolean>> = { ...conditions, healthy: conditions.fault === null };
  const missing = rule.needs.find((requirement) => !met[requirement]);
  if (missing === undefined) {
    return { ok: true, event: rule.event };
  }
  const detail = missing === "healthy" ? ` (${conditions.fault})` : "";
  return { ok: false, reason: REASONS[missing] + detail };
}
