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

/** A measured pose and when it was first reported. */
export interface Pose {
  readonly at: Instant;
  readonly q: JointVector;
  readonly placement: Placement;
  /** Poses that were reported before it. */
  readonly number: number;
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
}

export const NO_HISTORY: History = { poses: [], sent: [], reportedAt: -Infinity };

/** Longer than every window that is looked at (ML-14: 300 ms). */
const KEPT: Seconds = 0.35;

/** Keeps a report. */
export function measuredIn(history: History, { measured, receivedAt }: ArmState, cell: Cell): History {
  const last = history.poses.at(-1);
  if (last?.q.every((angle, joint) => angle === jointAt(measured, joint)) === true) {
    return { ...history, reportedAt: receivedAt };
  }
  const placement = place(measured, cell, emptyPlacement(cell));
  const pose = { at: receivedAt, q: measured, placement, number: last === undefined ? 0 : last.number + 1 };
  return { ...history, poses: [...recent(history.poses, receivedAt), pose], reportedAt: receivedAt };
}

/** Keeps a position that was sent. */
export function sentIn(history: History, q: JointVector, at: Instant): History {
  return { ...history, sent: [...recent(history.sent, at), { at, q }] };
}

/** Where the arm was `window` before the newest report; null while that is not known. */
export function poseBefore({ poses, reportedAt }: History, window: Seconds): Pose | null {
  return poses.findLast(({ at }) => reportedAt - at >= window) ?? null;
}

/** An arm that has reported one pose for this long stands; before that its reports may only be late (AR-10: 200 ms). */
const STANDS: Seconds = 0.2;

/** The arm pushes its state no more often (drivers/rm75: the vendor's push cycle is a multiple of 5 ms). */
const PUSH_PERIOD: Seconds = 0.005;

/**
 * The time that went by from an earlier pose to the newest report. Between the two there was at least a push period for
 * each pose: where reports arrive late and then together, their instants of arrival say less than their number.
 */
export function timeSince({ poses, reportedAt }: History, before: Pose): Seconds {
  const pushes = (poses.at(-1)?.number ?? before.number) - before.number;
  return Math.max(Math.min(STANDS, reportedAt - before.at), pushes * PUSH_PERIOD);
}

/** Mean joint speed from an earlier pose to the newest, rad/s; null while there are not two. */
export function measuredSpeed(history: History, before: Pose | null): JointVector | null {
  const newest = history.poses.at(-1);
  if (newest === undefined || before === null) {
    return null;
  }
  const elapsed = timeSince(history, before);
  return mapJoints(newest.q, (angle, joint) => (angle - jointAt(before.q, joint)) / elapsed);
}

/** The fastest that each joint was sent to go of all that is kept, rad/s. */
export function sentSpeed({ sent }: History): JointVector {
  return mapJoints(ZERO, (_, joint) =>
    sent.slice(1).reduce((fastest, { at, q }, index) => {
      const before = sent[index];
      const elapsed = Math.max(at - (before?.at ?? -Infinity), PUSH_PERIOD);
      return Math.max(fastest, Math.abs(jointAt(q, joint) - jointAt(before?.q ?? q, joint)) / elapsed);
    }, 0),
  );
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
