import type { Instant, Seconds } from "../types/units.js";

/** Engineering choice: after a change of its command the gripper gets this long to act before the next one. */
const DWELL: Seconds = 0.3;
/** Openings closer than this are the same command. */
const SAME = 0.02;

/** The gripper's last command. */
export interface GripperCommand {
  readonly opening: number;
  readonly at: Instant;
}

/** The command to give now for a wished opening (0 closed to 1 open); null to leave the gripper alone. */
export function gripperCommand(last: GripperCommand, wished: number, now: Instant): GripperCommand | null {
  // NaN, an unknown opening, differs from every wish.
  const different = !(Math.abs(wished - last.opening) <= SAME);
  return different && now - last.at >= DWELL ? { opening: wished, at: now } : null;
}
