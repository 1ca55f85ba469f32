import type { Reaction as GuardReaction } from "../guard/refusal.js";

/**
 * What an interlock demands, mildest first: `note` tells the operator, `slow` halves the pace on the same path, `ramp`
 * plays the stopping ramp and holds, `reset-link` stops the arm and resets the link so that nothing under way is executed
 * late, `protective-stop` ramps and then stops the arm and latches, `quick-stop` stops the arm at once and latches,
 * `cut-supply` opens the relay besides (reaction ladder of the safety catalogue, R2 to R6).
 */
export const REACTIONS = ["note", "slow", "ramp", "reset-link", "protective-stop", "quick-stop", "cut-supply"] as const;

/** One rung of the ladder; the guard's two are among them. */
export type Reaction = (typeof REACTIONS)[number] | GuardReaction;

/** What a watch found. */
export type WatchCode =
  | "outside-limits"
  | "overspeed"
  | "cartesian-overspeed"
  | "below-table"
  | "too-near"
  | "falls-behind"
  | "joint-stuck"
  | "moves-unasked"
  | "oscillation"
  | "out-of-envelope"
  | "policy-garbage"
  | "policy-unfamiliar"
  | "policy-out-of-range"
  | "policy-jumps"
  | "policy-late"
  | "pictures-late"
  | "policy-overrun"
  | "foreign-motion"
  | "joint-hot"
  | "joint-current"
  | "joint-voltage"
  | "controller-hot"
  | "gripper-fault"
  | "state-late"
  | "state-frozen"
  | "state-implausible"
  | "state-foreign"
  | "arm-silent"
  | "link-stalled"
  | "replies-garbled"
  | "setpoint-refused"
  | "reply-unasked"
  | "arm-changed"
  | "collision-unread"
  | "tool-wrong"
  | "stop-not-obeyed"
  | "machine-late"
  | "resources-short"
  | "leader-jump"
  | "leader-late"
  | "leader-lost"
  | "leader-frozen"
  | "leader-apart";

/** One interlock that demands something now. */
export interface Finding {
  /** Of the interlock in the safety catalogue. */
  readonly id: string;
  readonly code: WatchCode;
  readonly reaction: Reaction;
  /** What was found, in words. */
  readonly detail: string;
}

/** Order of findings: the most severe first; of equal severity the one whose family and number come first. */
export function bySeverity(one: Finding, other: Finding): number {
  return severity(other.reaction) - severity(one.reaction) || one.id.localeCompare(other.id);
}

/** What bars the beginning of a motion although it stops none. */
const BARRING: ReadonlySet<WatchCode> = new Set<WatchCode>(["resources-short", "collision-unread"]);

/**
 * True for what keeps everything from engaging while it is there: what latches, a process that is about to fail, and an
 * arm of which nobody knows whether it looks out for collisions.
 */
export function bars({ reaction, code }: Finding): boolean {
  return severity(reaction) >= severity("protective-stop") || BARRING.has(code);
}

function severity(reaction: Reaction): number {
  return REACTIONS.indexOf(reaction);
}
