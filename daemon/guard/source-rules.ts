import type { Cell } from "../motion/placement.js";
import type { Mode } from "../types/mode.js";
import type { SetpointSource } from "../types/setpoint.js";
import type { JointVector, Seconds } from "../types/units.js";
import type { Limits, MotionLimits } from "./limits.js";

// Interlocks: ML-02.

/** What a source may do, and what must be there for it. */
export interface SourceRule {
  readonly limits: MotionLimits;
  /** With the speed that control points may have. */
  readonly cell: Cell;
  /** Modes in which the source may propose; in every other mode nothing of it is permitted. */
  readonly modes: readonly Mode[];
  /**
   * Moves the arm on purpose: needs a guardian and fresh arm state, and keeps to the limits on the speed of control points
   * and on the approach to bounds in space.
   */
  readonly moves: boolean;
  /** How long ago whoever authorises it may have been heard. */
  readonly operatorAge: Seconds;
  /** Follows a leader: needs fresh readings of it. */
  readonly isLed: boolean;
  /** Speed may only fall; a hold has none. */
  readonly slowsDown: boolean;
  /** Begins outside the soft limits: instead of being inside them, no joint may go farther from the middle of its range. */
  readonly comesBack: boolean;
}

/** The rule of each source. */
export type SourceRules = Readonly<Record<SetpointSource, SourceRule>>;

/** Modes in which setpoints are streamed. */
const STREAMED: readonly Mode[] = ["hold", "homing", "policy", "align", "teleop"];
const STILL: JointVector = [0, 0, 0, 0, 0, 0, 0];

/**
 * The table of sources. Holding and stopping need nobody's authority: with operator, guardian or arm state gone they
 * are what is left to do.
 */
export function sourceRules(limits: Limits): SourceRules {
  const { operator, nearOperator } = limits.mostAge;
  const { cell } = limits;
  const moving = { cell, moves: true, slowsDown: false, comesBack: false, operatorAge: nearOperator, isLed: false };
  const resting = { ...moving, modes: STREAMED, moves: false };
  return {
    policy: { ...moving, limits: limits.policy, modes: ["policy"], operatorAge: operator },
    home: { ...moving, limits: limits.home, modes: ["homing"] },
    teleop: { ...moving, limits: limits.teleop, modes: ["teleop"], isLed: true },
    recover: {
      ...{ ...moving, limits: limits.recover, modes: ["recovery"], comesBack: true },
      cell: { ...cell, speed: limits.recoverSpeed },
    },
    stop: { ...resting, limits: limits.stop, slowsDown: true },
    hold: { ...resting, limits: { ...limits.stop, velocity: STILL } },
  };
}
