import { type ClearStep, clearStep, isClear, type StepRules } from "../motion/clear-step.js";
import { homePosition, homeVelocity } from "../motion/home-plan.js";
import type { MotionState } from "../motion/motion-state.js";
import { atPace, permittedPace } from "../motion/path-pace.js";
import { type StoppingRamp, stoppingRamp } from "../motion/stopping-ramp.js";
import { demandAt } from "../motion/timeline.js";
import { type Instant, jointAt, mapJoints } from "../types/units.js";
import type { Demanded } from "../watch/policy-conditions.js";
import { type Following, type Homing, joiningPart, type Led, pathAt } from "./activity.js";

// Interlocks: ML-17.

/** A path that has to be slowed down to less than this part of its pace asks for more than the arm may do (ML-17). */
const MOST_HASTE = 0.8;

/** An arm that is slower than this (rad/s) although more is asked for is held. */
const HELD = 0.02;

/** Where a step begins: the motion sent last, the instant of the next, and the pace on the path, more than 0 and at most 1. */
export interface Present {
  readonly state: MotionState;
  readonly dueAt: Instant;
  readonly pace: number;
}

/** A proposed step of homing, following or a leader: where it goes, how it would come to rest, how far it is on its path. */
export interface Step {
  readonly step: ClearStep;
  /** Of the chunk's path, or time since homing began. */
  readonly pathAt: Instant;
  readonly dueAt: Instant;
  readonly demanded: Demanded | null;
}

/** Stays where it is, on its path too. */
export function standingStep(pathAt: Instant, { state, dueAt }: Present): Step {
  return { step: { q: state.q, braking: [], share: 1 }, pathAt, dueAt, demanded: null };
}

/** One period farther on the way home. */
export function homeStep({ plan, elapsed, braking }: Homing, { state, dueAt, pace }: Present, rules: StepRules): Step {
  const pathAt = elapsed + pace * rules.period;
  const demand = { q: homePosition(plan, pathAt), v: homeVelocity(plan, pathAt) };
  return { step: clearStep(state, braking, atPace(demand, pace), rules), pathAt, dueAt, demanded: null };
}

/** One period farther to where the leader is. */
export function leadStep({ target, braking }: Led, { state, dueAt, pace }: Present, rules: StepRules): Step {
  // No speed is asked of the target: so the arm never goes farther than the leader has been.
  const demand = { q: target, v: mapJoints(target, () => 0) };
  const velocity = mapJoints(rules.limits.velocity, (most) => most * pace);
  const slowed = { ...rules, limits: { ...rules.limits, velocity } };
  return { step: clearStep(state, braking, demand, slowed), pathAt: dueAt, dueAt, demanded: null };
}

/** One period farther on the path of the followed chunks. */
export function followStep(activity: Following, { state, dueAt, pace }: Present, rules: StepRules): Step {
  const { timeline, chunk, sentAt } = activity;
  const asked = demandAt(timeline, pathAt(activity, dueAt, pace));
  const permitted = permittedPace(asked.v, rules.limits);
  const part = Math.min(permitted, joiningPart(activity));
  const reached = activity.pathAt + part * pace * (dueAt - sentAt);
  const demand = demandAt(timeline, reached);
  const step = clearStep(state, activity.braking, atPace(demand, part * pace), rules);
  const outside = demand.q.some((angle, joint) => Math.abs(angle) > jointAt(rules.limits.highest, joint));
  // Held at a bound of the cell; being slowed down on the way, for its speed, is no fault of a policy.
  const held = step.share === 0 && state.v.every((speed) => Math.abs(speed) < HELD);
  const clamped = permitted < MOST_HASTE || outside || held;
  const age = (dueAt - chunk.capturedAt) / (chunk.period * chunk.targets.length);
  return {
    step,
    pathAt: reached,
    dueAt,
    demanded: { pathAt: reached, q: step.q, clamped, shaken: activity.shaken, age },
  };
}

/** The way to rest from a ramp within the rules of what follows a leader; null while there is none inside the cell. */
export function brakingAsLed(state: MotionState, { limits, cell, period }: StepRules): StoppingRamp | null {
  const gentle = state.a.every((rate, joint) => Math.abs(rate) <= jointAt(limits.acceleration, joint));
  const braking = gentle ? stoppingRamp(state, limits, period) : [];
  return gentle && isClear(state.q, braking, cell, period) ? braking : null;
}
