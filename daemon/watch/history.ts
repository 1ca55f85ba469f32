import { type Cell, emptyPlacement, type Placement, place } from "../motion/placement.js";
import type { ArmState } from "../types/arm-state.js";
import {
  elementAt,
  type Instant,
  JOINT_COUNT,
  type JointVector,
  jointAt,
  mapJoints,
  type Seconds,
} from "../types/units.js";

/** A measured pose, when its first report arrived, and what that tells of when it was measured. */
export interface Pose {
  readonly at: Instant;
  /** It was measured no earlier. */
  readonly earliest: Instant;
  /** How many different poses had been reported before. */
  readonly number: number;
  readonly q: JointVector;
  readonly placement: Placement;
}

/** A position that was sent. */
export interface Sent {
  readonly at: Instant;
  readonly q: JointVector;
}

/** What was measured and sent lately, oldest first. A report that repeats the one before says nothing new. */
export interface History {
  readonly poses: readonly Pose[];
  readonly sent: readonly Sent[];
  /** When the newest report arrived, new or not; -Infinity before the first. */
  readonly reportedAt: Instant;
  /** The newest report was measured no earlier; -Infinity before the first. */
  readonly earliest: Instant;
  /** The arm measures no two reports in less than this. */
  readonly period: Seconds;
}

export const NO_HISTORY: History = { poses: [], sent: [], reportedAt: -Infinity, earliest: -Infinity, period: 0 };

/** Longer than every window that is looked at (ML-14: 300 ms). */
const KEPT: Seconds = 0.35;

/** A report that comes later than this is nothing that motion still rests on (AR-09: 100 ms). */
const MOST_LATE: Seconds = 0.1;

/**
 * How fast lateness that was never made up for is forgotten, in parts of a period a report: a report that got lost looks
 * like one that came late, until so much time has passed that one would have been followed by others closer together.
 */
const FORGOTTEN = 0.05;

/** An arm that has reported one pose for this long stands; before that its reports may only be late (AR-10: 200 ms). */
const STANDS: Seconds = 0.2;

/**
 * Keeps a report. It was measured a period or more after the one before and was under way for `MOST_LATE` or less; so far
 * back it may be from, and so much longer may the motion since have taken than its reports did.
 */
export function measuredIn(history: History, { measured, receivedAt, link }: ArmState, cell: Cell): History {
  const { period } = link;
  const inTurn = history.earliest + period * (1 + FORGOTTEN);
  const first = history.earliest === -Infinity;
  const earliest = first ? receivedAt : Math.min(receivedAt, Math.max(inTurn, receivedAt - MOST_LATE));
  const last = history.poses.at(-1);
  const next = { ...history, reportedAt: receivedAt, earliest, period };
  if (last?.q.every((angle, joint) => angle === jointAt(measured, joint)) === true) {
    if (receivedAt - last.at <= STANDS) {
      return next;
    }
    const stood = { ...last, at: receivedAt - STANDS, earliest: earliest - STANDS };
    return { ...next, poses: [...history.poses.slice(0, -1), stood] };
  }
  const number = last === undefined ? 0 : last.number + 1;
  const placement = place(measured, cell, emptyPlacement(cell));
  const pose = { at: receivedAt, earliest, number, q: measured, placement };
  return { ...next, poses: [...recent(history.poses, receivedAt), pose] };
}

/** Nothing is known any more but how late reports may be. */
export function historyAnew({ earliest }: History): History {
  return { ...NO_HISTORY, earliest };
}

/** Keeps a position that was sent. */
export function sentIn(history: History, q: JointVector, at: Instant): History {
  return { ...history, sent: [...recent(history.sent, at), { at, q }] };
}

/**
 * The longest time that can have passed between the measurements of an earlier pose and of the newest. The newest was
 * measured when it arrived or before. Poses that arrive together were measured one after the other.
 */
function timeSince({ poses, reportedAt, period }: History, before: Pose): Seconds {
  const apart = (poses.at(-1)?.number ?? before.number) - before.number;
  const inTurn = Math.min(apart * period, reportedAt - before.at + MOST_LATE);
  return Math.max(reportedAt - before.earliest, inTurn);
}

/**
 * The largest rate of `measure` over a `window` of time or more: that fast the arm was at least, however late its reports
 * came. What `measure` finds between the newest pose and an earlier one is divided by the longest time between them.
 */
export function fastest<Found extends { readonly by: number }>(
  history: History,
  window: Seconds,
  none: Found,
  measure: (newest: Pose, before: Pose, elapsed: Seconds) => Found,
): Found {
  const newest = history.poses.at(-1);
  let most = none;
  for (const before of newest === undefined ? [] : history.poses) {
    const elapsed = timeSince(history, before);
    if (newest !== undefined && elapsed >= window) {
      const found = measure(newest, before, elapsed);
      most = found.by <= most.by ? most : found;
    }
  }
  return most;
}

/** Mean joint speed since the pose that was the newest `window` ago, rad/s; null while that is not known. */
export function measuredSpeed(history: History, window: Seconds): JointVector | null {
  const newest = history.poses.at(-1);
  const before = history.poses.findLast(({ at }) => history.reportedAt - at >= window);
  if (newest === undefined || before === undefined) {
    return null;
  }
  const elapsed = timeSince(history, before);
  return mapJoints(newest.q, (angle, joint) => (angle - jointAt(before.q, joint)) / elapsed);
}

/** Lowest and highest of each joint since `from`, the last before that included, rad; null where nothing is known. */
export function bandSince(
  row: readonly { readonly at: Instant; readonly q: JointVector }[],
  from: Instant,
): { readonly lowest: Float64Array; readonly highest: Float64Array } | null {
  if (row.length === 0) {
    return null;
  }
  const lowest = new Float64Array(JOINT_COUNT).fill(Infinity);
  const highest = new Float64Array(JOINT_COUNT).fill(-Infinity);
  for (let index = row.length - 1; index >= 0; index--) {
    const entry = row[index];
    if (entry === undefined) {
      break;
    }
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const angle = jointAt(entry.q, joint);
      lowest[joint] = Math.min(elementAt(lowest, joint), angle);
      highest[joint] = Math.max(elementAt(highest, joint), angle);
    }
    if (entry.at <= from) {
      break;
    }
  }
  return { lowest, highest };
}

/** How far each joint went since `from`, rad: largest less smallest of all positions. */
export function travelled(
  row: readonly { readonly at: Instant; readonly q: JointVector }[],
  from: Instant,
): JointVector {
  const band = bandSince(row, from);
  return mapJoints(ZERO, (_, joint) => {
    return band === null ? 0 : elementAt(band.highest, joint) - elementAt(band.lowest, joint);
  });
}

const ZERO: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** What is younger than `KEPT`, and the last before, so that windows have a beginning. */
function recent<T extends { readonly at: Instant }>(row: readonly T[], now: Instant): readonly T[] {
  const first = row.findIndex(({ at }) => now - at <= KEPT);
  return first < 0 ? row.slice(-1) : row.slice(Math.max(0, first - 1));
}
