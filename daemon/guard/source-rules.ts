import type { Mode } from "../types/mode.js";
import type { SetpointSource } from "../types/setpoint.js";
import type { JointVector } from "../types/units.js";
import { HOME_LIMITS, type MotionLimits, POLICY_LIMITS, STOP_LIMITS } from "./limits.js";

/** What a source may do, and what must be there for it. */
export interface SourceRule {
  readonly limits: MotionLimits;
  /** Modes in which the source may propose; in every other mode nothing of it is permitted. */
  readonly modes: readonly Mode[];
  /** Moves the arm: needs an operator, a guardian and fresh arm state. */
  readonly needsAuthority: boolean;
  /** Speed may only fall; a hold has none. */
  readonly slowsDown: boolean;
}

const STILL: JointVector = [0, 0, 0, 0, 0, 0, 0];

/**
 * The table of sources. Holding and stopping need nobody's authority: with operator, guardian or arm state gone they
 * are what is left to do.
 */
export const SOURCE_RULES: Readonly<Record<SetpointSource, SourceRule>> = {
  policy: { limits: POLICY_LIMITS, modes: ["policy"], needsAuthority: true, slowsDown: false },
  home: { limits: HOME_LIMITS, modes: ["homing"], needsAuthority: true, slowsDown: false },
  stop: { limits: STOP_LIMITS, modes: ["hold", "homing", "policy"], needsAuthority: false, slowsDown: true },
  hold: {
    limits: { ...STOP_LIMITS, velocity: STILL },
    modes: ["hold", "homing", "policy"],
    needsAuthority: false,
    slowsDown: false,
  },
};
