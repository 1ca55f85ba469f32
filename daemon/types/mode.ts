/** Modes of the arm process; `test/modes` holds the whole transition table. */
export type Mode =
  /** No usable link to the arm. */
  | "disconnected"
  /** Link is good, nothing may move. */
  | "standby"
  /** Standing still under stream, motion may be engaged. */
  | "hold"
  /** Going to a named pose, planned by us and streamed. */
  | "homing"
  /** Following chunks of the policy. */
  | "policy"
  /** Standing still under stream while the leader arm is brought to the arm's pose. */
  | "align"
  /** Following the leader arm. */
  | "teleop"
  /** Latched all the same; joints that stand outside their limits are brought back inside, and in every way it ends in `fault`. */
  | "recovery"
  /** Stopped and latched until acknowledged. */
  | "fault";
