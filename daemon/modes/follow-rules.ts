import { ROLES, type Role } from "../types/role.js";
import type { ModeEvent, ModeState, Senses } from "./mode-state.js";
import type { Effect, Need, Rule, Rules } from "./rules.js";

/** What becomes of an event. */
export interface Step {
  /** False when there is no rule for it here and now: the state is as before. */
  readonly taken: boolean;
  readonly state: ModeState;
  /** What the first rule for this mode asks for and does not find; null when it was taken, or when there is none. */
  readonly missing: Need | null;
}

/** Applies the first rule that fits; pure and total. */
export function followRules(rules: Rules, state: ModeState, event: ModeEvent, senses: Senses): Step {
  let missing: Need | null = null;
  for (const rule of rules[event.kind]) {
    if (!rule.from.includes(state.mode)) {
      continue;
    }
    const absent = rule.needs.find((need) => !isMet(need, state, event, senses));
    if (absent === undefined) {
      const same = rule.to === null && rule.does.length === 0;
      return { taken: true, state: same ? state : applied(rule, state, event, senses), missing };
    }
    missing ??= absent;
  }
  return { taken: false, state, missing };
}

function isMet(need: Need, state: ModeState, event: ModeEvent, senses: Senses): boolean {
  const { control, fence, latch, pressed, gripped } = state;
  switch (need) {
    case "in-control":
      return senses.operator && control !== null && "lease" in event && event.lease === control.lease;
    case "role":
      return control !== null && isAtLeast(control.role, latch ?? "operator");
    case "supervises":
      return control !== null && isAtLeast(control.role, higher(latch, "supervisor"));
    case "deadman":
      return senses.unattended || pressed;
    case "pressed":
      return pressed;
    case "enabled":
      return senses.button
        ? gripped
        : senses.near && control !== null && isAtLeast(control.role, "operator") && (senses.unattended || pressed);
    case "no-button":
      return !senses.button;
    case "let-loose":
      return "held" in event && !event.held;
    case "newer-lease":
      return event.kind === "beat" && event.lease > fence;
    case "same-lease":
      return event.kind === "beat" && event.lease === control?.lease;
    case "let-go":
      return event.kind === "beat" && !event.held && !senses.unattended;
    case "outside":
      return !senses.inside;
    case "operator":
    case "near":
    case "button":
    case "leader":
    case "ready":
    case "guardian":
    case "fresh":
    case "healthy":
    case "sound":
    case "settled":
    case "inside":
    case "still":
      return senses[need];
    default:
      need satisfies never;
      return false;
  }
}

function applied(rule: Rule, state: ModeState, event: ModeEvent, senses: Senses): ModeState {
  let next: ModeState = { ...state, mode: rule.to ?? state.mode };
  for (const effect of rule.does) {
    next = { ...next, ...changeOf(effect, next, event, senses) };
  }
  return next;
}

function changeOf(effect: Effect, state: ModeState, event: ModeEvent, senses: Senses): Partial<ModeState> {
  const { control } = state;
  switch (effect) {
    case "new-epoch":
      return { epoch: state.epoch + 1 };
    case "begin":
      return { under: control?.lease ?? null };
    case "lead":
      return { under: senses.button ? "button" : (control?.lease ?? null) };
    case "feel":
      return event.kind === "grip"
        ? { gripHeld: event.held, gripped: event.held && (state.gripped || !state.gripHeld) }
        : {};
    case "lose":
      return { gripHeld: true, gripped: false };
    case "arrive":
      return { under: null };
    case "cut":
      return { under: null, pressed: false, gripped: false };
    case "latch":
      return event.kind === "stop" ? { latch: higher(state.latch, event.acknowledgedBy) } : {};
    case "unlatch":
      return { latch: null };
    case "claim":
      return event.kind === "beat"
        ? { control: { lease: event.lease, role: event.role, held: event.held }, fence: event.lease, pressed: false }
        : {};
    case "hear":
      return event.kind === "beat" && control !== null
        ? { control: { ...control, held: event.held }, pressed: event.held && (state.pressed || !control.held) }
        : {};
    case "drop":
      return { control: null, pressed: false };
    case "forget":
      return { fence: -1 };
    default:
      effect satisfies never;
      return {};
  }
}

/** True when a role may do what another one may. */
export function isAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whichever of two roles may do more. */
export function higher(one: Role | null, other: Role): Role {
  return one !== null && isAtLeast(one, other) ? one : other;
}
