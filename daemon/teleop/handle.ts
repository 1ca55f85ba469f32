import type { PuppetCalibration } from "../types/puppet.js";

/** The leader's handle as a switch for the gripper. */
export interface Handle {
  /** null while it was never clearly one or the other. */
  readonly closed: boolean | null;
  /** It has been where the gripper is, or was moved, since the leader is followed: from then on the gripper obeys it. */
  readonly taken: boolean;
}

/** Before the first reading since the leader is followed. */
export const HANDLE_AT_REST: Handle = { closed: null, taken: false };

/** Below this part of its way the handle is closed, above the other open; between them it stays what it was [A]. */
const CLOSES = 0.35;
const OPENS = 0.65;

/**
 * The handle after a reading `raw`. `opening` is what the gripper was told last, 0 closed to 1 open, NaN if nobody knows:
 * a gripper that holds something when the leader takes over keeps it until the handle says so.
 */
export function handled(
  before: Handle,
  raw: number,
  { closed, open }: PuppetCalibration["gripper"],
  opening: number,
): Handle {
  const part = (raw - closed) / (open - closed);
  const isClosed = part < CLOSES ? true : part > OPENS ? false : before.closed;
  if (isClosed === null) {
    return before;
  }
  const moved = before.closed !== null && before.closed !== isClosed;
  const agrees = isClosed ? opening < 0.5 : opening >= 0.5;
  return { closed: isClosed, taken: before.taken || moved || agrees };
}

/** What the gripper should be told, 0 closed or 1 open; null to leave it alone. */
export function gripperWish({ closed, taken }: Handle): number | null {
  return closed === null || !taken ? null : closed ? 0 : 1;
}
