import type { Mode } from "../types/mode.js";
import type { SetpointSource } from "../types/setpoint.js";
import type { JointVector } from "../types/units.js";
import type { Limits, MotionLimits } from "./limits.js";

/** What a source may do, and what must be there for it. */
export interface SourceRule {
  readonly limits: MotionLimits;
  /** Modes in which the source may propose; in every other mode nothing of it is permitted. */
  readonly modes: readonly Mode[];
  /**
   * Moves the arm on purpose: needs an operator, a guardian and fresh arm state, and keeps to the limits on the speed of
   * control points and on the approach to bounds in space.
   */
  readonly moves: boolean;
  /** Speed may only fall; a hold has none. */
  readonly slowsDown: boolean;
}

/** The rule of each source. */
export type SourceRules = Readonly<Record<SetpointSource, SourceRule>>;

const STILL: JointVector = [0, 0, 0, 0, 0, 0, 0];

/**
 * The table of sources. Holding and stopping need nobody's authority: with operator, guardian or arm state gone they
 * are what is left to do.
 */
export function sourceRules(limits: Limits): SourceRules {
  return {
    policy: { limits: limits.policy, modes: ["policy"], moves: true, slowsDown: false },
    home: { limits: limits.home, modes: ["homing"], moves: true, slowsDown: false },
    stop: { limits: limits.stop, modes: ["hold", "homing", "policy"], moves: false, slowsDown: true },
    hold: {
      limits: { ...limits.stop, velocity: STILL },
      modes: ["hold", "homing", "policy"],
      moves: false,
      slowsDown: false,
    },
  };
}
