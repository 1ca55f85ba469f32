import type { ArmReport } from "../types/arm-link.js";
import type { Instant, JointPosition, Seconds } from "../types/units.js";

/** Commands from here on mean open; a gripper is told 0 or 1. */
const OPEN_FROM = 0.5;

interface GripperChange {
  readonly at: Instant;
  readonly closed: boolean;
  readonly reference: JointPosition | null;
}

/** What the gripper was told in this task. */
export interface GraspMemory {
  /** null before the first report. */
  readonly closed: boolean | null;
  /** Oldest first. */
  readonly changes: readonly GripperChange[];
}

/** The memory at the start of a task. */
export const NO_GRASP: GraspMemory = { closed: null, changes: [] };

/** Adds what a report says about the gripper's command. */
export function noteGripper(memory: GraspMemory, report: ArmReport): GraspMemory {
  const closed = report.gripper.commanded < OPEN_FROM;
  if (closed === memory.closed) {
    return memory;
  }
  if (memory.closed === null) {
    return { ...memory, closed };
  }
  return { closed, changes: [...memory.changes, { at: report.at, closed, reference: report.reference }] };
}

/** The grasp features of an observation made at `at`. */
export function graspAt(
  memory: GraspMemory,
  at: Instant,
): { readonly graspedAt: JointPosition | null; readonly sinceGripperCommand: Seconds } {
  const past = memory.changes.filter((change) => change.at <= at);
  const last = past.at(-1);
  return {
    graspedAt: past.findLast((change) => change.closed)?.reference ?? null,
    sinceGripperCommand: last === undefined ? Number.POSITIVE_INFINITY : at - last.at,
  };
}

/** True once the gripper has been closed and opened again in this task. */
export function hasReleased(memory: GraspMemory): boolean {
  const close = memory.changes.findIndex((change) => change.closed);
  return close !== -1 && memory.changes.slice(close).some((change) => !change.closed);
}
