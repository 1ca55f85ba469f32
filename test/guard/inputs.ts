import { freshGuard, type GuardInput, type GuardState, guard } from "../../daemon/guard/guard.js";
import type { Limits } from "../../daemon/guard/limits.js";
import { sourceRules } from "../../daemon/guard/source-rules.js";
import { type ArmState, QUIET_LINK } from "../../daemon/types/arm-state.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { SetpointSource } from "../../daemon/types/setpoint.js";
import { type JointPosition, type JointVector, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";

/** The shipped limits without a cell: whatever the joints may do, nothing in space forbids it. */
export const JOINT_LIMITS: Limits = {
  ...LIMITS,
  cell: { ...LIMITS.cell, body: { points: [], capsules: [], pairs: [], bounds: [] } },
};
export const SOURCE_RULES = sourceRules(LIMITS);

/** A guard without history that looks at joints only. */
export function freshJointGuard(): GuardState {
  return freshGuard(PERIOD, JOINT_LIMITS);
}

/** Stream period of the guard tests, seconds. */
export const PERIOD = 0.01;
/** The instant at which a tested setpoint is proposed. */
export const NOW = 1000;
/** A pose in the middle of every range, rad. */
export const POSE = jointPosition([0.1, -0.2, 0.3, 1, -0.1, 1, 0.2]);

export const MODES: readonly Mode[] = [
  "disconnected",
  "standby",
  "hold",
  "homing",
  "policy",
  "align",
  "teleop",
  "recovery",
  "fault",
];
export const SOURCES: readonly SetpointSource[] = ["policy", "home", "teleop", "recover", "hold", "stop"];
/** A mode in which each source may propose. */
export const MODE_OF: Readonly<Record<SetpointSource, Mode>> = {
  policy: "policy",
  home: "homing",
  teleop: "teleop",
  recover: "recovery",
  hold: "hold",
  stop: "hold",
};

/** An arm that stands at `measured` without a fault, reported just now. */
export function armAt(measured: JointPosition, changes: Partial<ArmState> = {}): ArmState {
  return {
    receivedAt: NOW,
    measured,
    status: "idle",
    systemErrors: [],
    jointErrors: [0, 0, 0, 0, 0, 0, 0],
    jointEnabled: [true, true, true, true, true, true, true],
    health: null,
    link: QUIET_LINK,
    ...changes,
  };
}

/** Everything as it should be, for a source in its mode; `changes` break it. */
export function input(source: SetpointSource, q: JointVector, changes: Partial<GuardInput> = {}): GuardInput {
  return {
    now: NOW,
    proposed: { source, epoch: 4, dueAt: NOW, q: q as JointPosition },
    mode: MODE_OF[source],
    epoch: 4,
    arm: armAt(POSE),
    operatorSeenAt: NOW - 0.1,
    leaderSeenAt: NOW - 0.02,
    guardianSeenAt: NOW - 0.02,
    ...changes,
  };
}

/** A guard whose last permitted setpoint was one period ago at `q` with the given motion. */
export function streaming(v: JointVector, a: JointVector, q: JointVector = POSE): GuardState {
  return { ...freshJointGuard(), last: { dueAt: NOW - PERIOD, q, v, a } };
}

/** The same number for each joint. */
export function all(value: number): JointVector {
  return mapJoints(POSE, () => value);
}

/** `vector` with one joint replaced. */
export function withJoint(vector: JointVector, joint: number, value: number): JointVector {
  return mapJoints(vector, (old, index) => (index === joint ? value : old));
}

/** Codes of all refusals, each once, in order; empty when permitted. */
export function refusalsOf(state: GuardState, given: GuardInput): readonly string[] {
  const [, verdict] = guard(state, given);
  return verdict.kind === "permit" ? [] : [...new Set(verdict.refusals.map((refusal) => refusal.code))];
}
