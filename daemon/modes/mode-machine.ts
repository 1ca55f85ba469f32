import type { Mode } from "../types/mode.js";
import { followRules, type Step } from "./follow-rules.js";
import type { ModeEvent, ModeState, Senses } from "./mode-state.js";
import { RULES } from "./rules.js";

/** The one transition function of the arm process. */
export function transition(state: ModeState, event: ModeEvent, senses: Senses): Step {
  return followRules(RULES, state, event, senses);
}

/** True while setpoints are streamed. */
export function isEngaged(mode: Mode): boolean {
  return mode === "hold" || mode === "align" || isMoving(mode);
}

/** True while something other than the operator's stop decides where the arm goes. */
export function isMoving(mode: Mode): boolean {
  return mode === "homing" || mode === "policy" || mode === "teleop" || mode === "recovery";
}

/** Why a request is refused, in words for the operator. */
export function whyNot(step: Step, request: string): string {
  if (step.missing !== null) {
    return REASONS[step.missing];
  }
  const modes = RULES_FOR.get(request) ?? "no mode";
  return `${request} is possible in ${modes}, and the mode is ${step.state.mode}`;
}

const RULES_FOR: ReadonlyMap<string, string> = new Map(
  Object.entries(RULES).map(([event, rules]) => [event, [...new Set(rules.flatMap(({ from }) => from))].join(" or ")]),
);

const REASONS: Readonly<Record<NonNullable<Step["missing"]>, string>> = {
  "in-control": "you are not in control: take control first, and keep its beats coming",
  role: "your role does not allow it",
  supervises: "your role does not allow it: a supervisor has the arm brought back, or whoever may acknowledge the stop",
  operator: "the operator's beats do not arrive",
  near: "the operator's beats arrive too seldom for a motion: look at the operator's connection",
  deadman: "hold-to-run is not pressed: press it anew and keep it pressed",
  pressed: "hold-to-run is not pressed: press it anew and keep it pressed; the way back always needs it",
  guardian: "the guardian process is not there or not connected to the arm: start it",
  fresh: "no fresh state from the arm: check its link",
  healthy: "the arm itself reports a fault",
  sound:
    "more is wrong than that the arm stands outside its limits (what the arm itself reports, an acknowledgement clears)",
  settled: "the arm's fault is gone for less than a second: ask again",
  inside: "the arm stands outside its soft limits: a supervisor stops it and brings it back (kinevla recover)",
  outside: "the arm stands inside its limits: there is nothing to bring back",
  still: "the arm is still coming to rest: ask again",
  enabled: "teleoperation is not enabled: press the puppet's button, or hold-to-run where the cell has it so",
  button: "the puppet's button does not enable teleoperation in this cell",
  "no-button": "the puppet's button enables teleoperation in this cell",
  leader: "the puppet's readings do not arrive: plug it in and start its process",
  ready: "the puppet is not at the arm's pose: bring it there, or use the clutch",
  "let-loose": "the puppet's button is pressed",
  "newer-lease": "the lease is an old one",
  "same-lease": "the lease is an old one",
  "let-go": "hold-to-run is pressed",
};
