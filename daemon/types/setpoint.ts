import type { Instant, JointPosition } from "./units.js";

/** What proposes motion; none of these can authorise it. */
export type SetpointSource = "hold" | "policy" | "home" | "teleop" | "recover" | "stop";

/** One proposed joint position for one stream tick. */
export interface Setpoint {
  readonly source: SetpointSource;
  /** Stop epoch under which it was proposed. */
  readonly epoch: number;
  /** The tick it belongs to. */
  readonly dueAt: Instant;
  readonly q: JointPosition;
}
