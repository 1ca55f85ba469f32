import { speedOf } from "../motion/breaches.js";
import { elementAt, type JointVector, jointAt, mapJoints } from "../types/units.js";
import type { Condition } from "./condition.js";
import {
  bandSince,
  type History,
  measuredSpeed,
  type Pose,
  poseBefore,
  sentSpeed,
  timeSince,
  travelled,
} from "./history.js";
import type { Situation } from "./situation.js";
import type { ArmLimits } from "./watch-limits.js";

// Interlocks: ML-02, ML-04, ML-08, ML-10, ML-11, ML-13, ML-14, ML-15, OP-06.

/**
 * Speeds are taken over this time. A setpoint that comes one tick (10 ms) late is caught up by the arm: four steps in three ticks,
 * 1.33 times the permitted speed, are no fault of its own.
 */
const SPEED_WINDOW = 0.03;
/** Sooner than that, an arm is too fast when it is so by more than a late setpoint explains: three steps in two ticks. */
const SOON_WINDOW = 0.02;
const SOON_PART = 1.25;
/** Soonest is told, over two pushes, what no command explains: two setpoints that come late and are caught up at once give 3 times theirs. */
const UNASKED_WINDOW = 0.008;
const CAUGHT_UP = 3;
/** Speeds of parts, and of an arm that should stand, are taken over this time (ML-08: 50 ms). */
const CALM_WINDOW = 0.05;

/** The table of what the measured motion must not be. */
export function motionConditions(history: History, situation: Situation, limits: ArmLimits): readonly Condition[] {
  const { watch, policy, cell, recoverSpeed } = limits;
  const { standsSince, stoodAt, recoversFrom, disordered, now } = situation;
  const newest = history.poses.at(-1);
  const q = newest?.q ?? ZERO;
  const speed = measuredSpeed(history, poseBefore(history, SPEED_WINDOW)) ?? ZERO;
  const soon = measuredSpeed(history, poseBefore(history, SOON_WINDOW)) ?? ZERO;
  const calmFrom = poseBefore(history, CALM_WINDOW);
  const calm = measuredSpeed(history, calmFrom) ?? ZERO;
  // What comes back begins outside: it may only not go further out.
  const outermost = (joint: number): number => {
    const began = recoversFrom === null ? 0 : Math.abs(jointAt(recoversFrom, joint)) + watch.outward;
    return Math.max(jointAt(policy.highest, joint) + watch.outside, began);
  };
  const outside = worst(q, (angle, joint) => Math.abs(angle) - outermost(joint));
  const beyond = Math.abs(jointAt(q, outside.joint)) - jointAt(policy.highest, outside.joint);
  const mostSpeed = recoversFrom === null ? cell.speed : recoverSpeed;
  const fast = worst(speed, (rate, joint) => Math.abs(rate) / jointAt(policy.velocity, joint));
  const sudden = worst(soon, (rate, joint) => Math.abs(rate) / jointAt(policy.velocity, joint));
  const brisk = measuredSpeed(history, poseBefore(history, UNASKED_WINDOW)) ?? ZERO;
  const sent = sentSpeed(history);
  const unasked = worst(brisk, (rate, joint) =>
    Math.abs(rate) <= CAUGHT_UP * jointAt(sent, joint) ? 0 : Math.abs(rate) / jointAt(policy.velocity, joint),
  );
  const cartesian = fastestPoint(history, calmFrom);
  const near = newest === undefined ? null : leastMargin(newest.placement.margins, "self-collision", cell.body.bounds);
  const low = newest === undefined ? null : leastMargin(newest.placement.margins, "table", cell.body.bounds);
  const height = low?.part === "fingertip" ? cell.table.fingertips : cell.table.housings;
  const band = bandSince(history.sent, history.reportedAt - watch.behind.lag);
  const behind = worst(q, (angle, joint) => {
    return band === null ? 0 : Math.max(angle - elementAt(band.highest, joint), elementAt(band.lowest, joint) - angle);
  });
  const stuck = stuckJoint(history, watch.stuck);
  const settled = now - standsSince >= watch.standstill.settled;
  const drift = worst(q, (angle, joint) => (stoodAt === null ? 0 : Math.abs(angle - jointAt(stoodAt, joint))));
  const stirs = worst(calm, Math.abs);
  return [
    {
      ...{ id: "ML-02", code: "outside-limits", reaction: "protective-stop", lasting: 0 },
      holds: !(outside.by <= 0),
      detail: () => `J${outside.joint + 1} stands ${degrees(beyond)} deg outside its soft limit`,
    },
    {
      ...{ id: "ML-04", code: "overspeed", reaction: "quick-stop", lasting: watch.speed.lasting },
      holds: !disordered && !(fast.by <= watch.speed.part),
      detail: () => overspeed(fast),
    },
    {
      ...{ id: "ML-04", code: "overspeed", reaction: "quick-stop", lasting: 0 },
      holds: !disordered && !(fast.by <= watch.speed.most),
      detail: () => overspeed(fast),
    },
    {
      ...{ id: "ML-04", code: "overspeed", reaction: "quick-stop", lasting: 0 },
      holds: !disordered && !(sudden.by <= SOON_PART * watch.speed.most),
      detail: () => overspeed(sudden),
    },
    {
      ...{ id: "ML-04", code: "overspeed", reaction: "quick-stop", lasting: 0 },
      holds: !disordered && !(unasked.by <= watch.speed.part),
      detail: () => `${overspeed(unasked)}, and was told nothing like it`,
    },
    {
      ...{ id: "ML-08", code: "cartesian-overspeed", reaction: "protective-stop" },
      lasting: watch.cartesianSpeed.lasting,
      holds: !disordered && !(cartesian.speed <= watch.cartesianSpeed.part * mostSpeed),
      detail: () => `${cell.body.points[cartesian.point]?.name ?? "a part"} at ${millimetres(cartesian.speed)} mm/s`,
    },
    {
      ...{ id: "ML-10", code: "below-table", reaction: "protective-stop", lasting: 0 },
      holds: low !== null && !(low.margin + height >= -watch.underTable),
      detail: () =>
        `${low?.part ?? "a part"} is measured ${millimetres(-(low?.margin ?? 0) - height)} mm under the table`,
    },
    {
      ...{ id: "ML-11", code: "too-near", reaction: "quick-stop", lasting: 0 },
      holds: near !== null && !(near.margin + cell.clearance >= watch.leastClearance),
      detail: () => `${near?.part ?? "parts"} are ${millimetres((near?.margin ?? 0) + cell.clearance)} mm apart`,
    },
    {
      ...{ id: "ML-13", code: "falls-behind", reaction: "note", lasting: 0 },
      holds: history.sent.length > 0 && !(behind.by <= watch.behind.error),
      detail: () => `J${behind.joint + 1} is ${degrees(behind.by)} deg from all that was commanded lately`,
    },
    {
      ...{ id: "ML-14", code: "joint-stuck", reaction: "protective-stop", lasting: 0 },
      holds: stuck !== null,
      detail: () => `J${(stuck ?? 0) + 1} was told to move and stands, the others move`,
    },
    {
      ...{ id: "ML-15", code: "moves-unasked", reaction: "quick-stop", lasting: 0 },
      holds: settled && !(drift.by <= watch.standstill.distance),
      detail: () => `J${drift.joint + 1} is ${degrees(drift.by)} deg from where it stood`,
    },
    {
      ...{ id: "ML-15", code: "moves-unasked", reaction: "quick-stop", lasting: CALM_WINDOW },
      holds: settled && !(stirs.by <= watch.standstill.speed),
      detail: () => `J${stirs.joint + 1} moves at ${degrees(stirs.by)} deg/s and should stand`,
    },
    {
      ...{ id: "OP-06", code: "foreign-motion", reaction: "quick-stop", lasting: CALM_WINDOW },
      holds: situation.mode === "standby" && !(stirs.by <= watch.standstill.speed),
      detail: () => `J${stirs.joint + 1} moves at ${degrees(stirs.by)} deg/s, and not by this program`,
    },
  ];
}

/** Different poses within 300 ms of an arm that moves: half of what a push of 20 ms gives. */
const LEAST_POSES = 7;

const ZERO: JointVector = [0, 0, 0, 0, 0, 0, 0];

interface Worst {
  readonly by: number;
  readonly joint: number;
}

function worst(values: JointVector, measure: (value: number, joint: number) => number): Worst {
  const found = mapJoints(values, measure);
  const by = Math.max(...found);
  return { by, joint: Math.max(0, found.indexOf(by)) };
}

function overspeed({ by, joint }: Worst): string {
  return `J${joint + 1} moves at ${by.toFixed(2)} times its permitted speed`;
}

function fastestPoint(history: History, before: Pose | null): { readonly speed: number; readonly point: number } {
  const newest = history.poses.at(-1);
  let found = { speed: 0, point: 0 };
  if (newest === undefined || before === null) {
    return found;
  }
  const elapsed = timeSince(history, before);
  for (let point = 0; 3 * point < newest.placement.points.length; point++) {
    const speed = speedOf(before.placement, newest.placement, point, elapsed);
    found = speed > found.speed ? { speed, point } : found;
  }
  return found;
}

function leastMargin(
  margins: Float64Array,
  wanted: string,
  bounds: readonly { readonly kind: string; readonly part: string }[],
): { readonly margin: number; readonly part: string } {
  let found = { margin: Infinity, part: "" };
  for (const [index, { kind, part }] of bounds.entries()) {
    const margin = margins[index] ?? Number.NaN;
    found = kind === wanted && !(margin >= found.margin) ? { margin, part } : found;
  }
  return found;
}

/** The joint that stands although it was told to move while another moves; null for none. */
function stuckJoint(history: History, rule: ArmLimits["watch"]["stuck"]): number | null {
  const from = history.reportedAt - rule.within;
  const commanded = travelled(history.sent, from);
  const told = commanded.map((way) => way > rule.commanded);
  if (!told.includes(true)) {
    return null;
  }
  // Reports that stand still as a whole say nothing of a joint; they are AR-10's.
  if (history.poses.filter(({ at }) => at > from).length < LEAST_POSES) {
    return null;
  }
  const measured = travelled(history.poses, from);
  const stuck = measured.findIndex((way, joint) => told[joint] === true && way < rule.measured);
  const others = measured.some((way, joint) => joint !== stuck && way >= rule.measured);
  return stuck >= 0 && others ? stuck : null;
}

function degrees(radians: number): string {
  return ((radians * 180) / Math.PI).toFixed(1);
}

function millimetres(metres: number): string {
  return (metres * 1000).toFixed(0);
}
