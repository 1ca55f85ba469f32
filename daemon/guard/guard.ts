import type { ArmState } from "../types/arm-state.js";
import type { Mode } from "../types/mode.js";
import type { Setpoint } from "../types/setpoint.js";
import type { Instant, Seconds } from "../types/units.js";
import { armFault } from "./arm-fault.js";
import { cartesianRefusals } from "./cartesian-motion.js";
import { distance, type Motion, motionRefusals, motionTo } from "./commanded-motion.js";
import type { Limits } from "./limits.js";
import { degrees, milliseconds, type Reaction, type Refusal, type RefusalCode } from "./refusal.js";
import { type SourceRules, sourceRules } from "./source-rules.js";

// Interlocks: ML-13, ML-14, PO-03, OP-01, OP-09, AR-09, HO-01, HO-05.

declare const permitted: unique symbol;

/** A setpoint that the guard allowed for this tick; only the guard can make one. */
export type PermittedSetpoint = Setpoint & { readonly [permitted]: true };

/** What the guard remembers of the stream. */
export interface GuardState {
  /** Of the stream. */
  readonly period: Seconds;
  readonly limits: Limits;
  readonly rules: SourceRules;
  /** The last permitted setpoint and its motion; null before the first of a stream. */
  readonly last: (Motion & { readonly dueAt: Instant }) | null;
  /** Since when the arm has been further off than a moving command allows; Infinity while it follows. */
  readonly astraySince: Instant;
  /** Since when the arm has been off a standing command by more than allowed; Infinity while it is not. */
  readonly offSince: Instant;
  /** A quick stop was demanded: nothing is permitted any more. */
  readonly latched: boolean;
}

/** Everything a decision rests on. Instants of beats are -Infinity while there was none. */
export interface GuardInput {
  readonly now: Instant;
  readonly proposed: Setpoint;
  readonly mode: Mode;
  /** The present stop epoch. */
  readonly epoch: number;
  /** The newest report of the arm; null while there is none. */
  readonly arm: ArmState | null;
  /** When whoever authorises the motion was last heard: the operator in control, or the leader with its button pressed. */
  readonly operatorSeenAt: Instant;
  /** When the leader arm was read last. */
  readonly leaderSeenAt: Instant;
  readonly guardianSeenAt: Instant;
}

/** The guard's answer; `reaction` is the most severe of all refusals. */
export type Verdict =
  | { readonly kind: "permit"; readonly setpoint: PermittedSetpoint }
  | { readonly kind: "refuse"; readonly refusals: readonly Refusal[]; readonly reaction: Reaction };

/** The guard before the first setpoint of a run, and again once an operator has acknowledged a latched stop. */
export function freshGuard(period: Seconds, limits: Limits): GuardState {
  const rules = sourceRules(limits);
  return { period, limits, rules, last: null, astraySince: Infinity, offSince: Infinity, latched: false };
}

/**
 * Permits or refuses one setpoint for the present tick, and never changes it. Every check runs every time. What is
 * permitted is sent at once or never. Comparisons are written so that NaN is refused.
 */
export function guard(state: GuardState, input: GuardInput): readonly [GuardState, Verdict] {
  const { now, proposed, arm } = input;
  const { q, dueAt } = proposed;
  const { period, limits } = state;
  const { mostAge, following, standing } = limits;
  const rule = state.rules[proposed.source];
  // A stream that paused starts anew: its next setpoint is a first one.
  const last = state.last !== null && dueAt - state.last.dueAt <= mostAge.stream ? state.last : null;
  const measured = arm === null ? q : arm.measured;
  const motion = motionTo(q, last, period);
  const off = distance(q, measured);
  const still = motion.v.every((speed) => speed === 0);
  // What the arm did a while ago says nothing about how it follows; its silence is judged by itself.
  const armAge = arm === null ? Infinity : now - arm.receivedAt;
  const fresh = armAge <= mostAge.armState;
  const astraySince = fresh && off > following.error ? Math.min(state.astraySince, now) : Infinity;
  const offSince = fresh && still && off > standing.error ? Math.min(state.offSince, now) : Infinity;

  const refusals: Refusal[] = [
    ...motionRefusals(motion, last, measured, rule, limits.mostStep, period),
    ...cartesianRefusals(q, last?.q ?? null, measured, rule.moves, rule.cell, period),
  ];
  const check = (passes: boolean, code: RefusalCode, reaction: Reaction, detail: () => string): void => {
    if (!passes) {
      refusals.push({ code, reaction, detail: detail() });
    }
  };
  const late = now - dueAt;
  const gap = last === null ? Infinity : dueAt - last.dueAt;
  const fault = arm === null ? null : armFault(arm);
  const operatorAge = now - input.operatorSeenAt;
  const leaderAge = now - input.leaderSeenAt;
  const guardianAge = now - input.guardianSeenAt;
  const free = !rule.moves;

  check(!state.latched, "latched", "quick-stop", () => "a stop waits for its acknowledgement");
  check(fault === null, "arm-fault", "quick-stop", () => `the arm reports: ${fault?.detail}`);
  check(
    last !== null || (fresh && off <= limits.mostFirstDistance),
    "first-setpoint",
    "quick-stop",
    () => `${degrees(off)} deg from the arm, as of ${milliseconds(armAge)} ago`,
  );
  check(
    !(now - astraySince >= following.lasting),
    "following-error",
    "quick-stop",
    () => `the arm is ${degrees(off)} deg behind its command`,
  );
  check(
    !(now - offSince >= standing.lasting),
    "following-error",
    "quick-stop",
    () => `the arm stands ${degrees(off)} deg from its command`,
  );
  check(proposed.epoch === input.epoch, "old-epoch", "ramp", () => `epoch ${proposed.epoch}, now ${input.epoch}`);
  check(rule.modes.includes(input.mode), "mode-forbids", "ramp", () => `${proposed.source} in mode ${input.mode}`);
  check(late <= mostAge.setpoint && -late <= period, "off-schedule", "ramp", () => `${milliseconds(late)} late`);
  check(gap >= period / 2, "off-schedule", "ramp", () => `${milliseconds(gap)} after the last setpoint`);
  check(free || fresh, "state-stale", "ramp", () => `arm state is ${milliseconds(armAge)} old`);
  check(
    free || operatorAge <= rule.operatorAge,
    "operator-lost",
    "ramp",
    () => `silent for ${milliseconds(operatorAge)}`,
  );
  check(
    !rule.isLed || leaderAge <= mostAge.leader,
    "leader-lost",
    "ramp",
    () => `the leader is silent for ${milliseconds(leaderAge)}`,
  );
  check(
    free || guardianAge <= mostAge.guardian,
    "guardian-lost",
    "ramp",
    () => `silent for ${milliseconds(guardianAge)}`,
  );

  const quick = refusals.some((refusal) => refusal.reaction === "quick-stop");
  const next = { ...state, astraySince, offSince, latched: state.latched || quick };
  if (refusals.length > 0) {
    return [next, { kind: "refuse", refusals, reaction: quick ? "quick-stop" : "ramp" }];
  }
  return [
    { ...next, last: { ...motion, dueAt } },
    { kind: "permit", setpoint: proposed as PermittedSetpoint },
  ];
}
