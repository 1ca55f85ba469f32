import { type MotionLimits, plannerCell, plannerLimits } from "../guard/limits.js";
import type { StepRules } from "../motion/clear-step.js";
import { type JointVector, mapJoints, type Seconds } from "../types/units.js";
import type { ArmLimits } from "../watch/watch-limits.js";

/** What the stream plans within: for each kind of motion a little less than the guard allows. */
export interface StreamRules {
  readonly policy: StepRules;
  readonly home: StepRules;
  readonly teleop: StepRules;
  readonly recover: StepRules;
  /** The limits that a joint has to be brought back inside of. */
  readonly recovered: MotionLimits;
  readonly stop: MotionLimits;
}

/** A way back takes this part of the acceleration and jerk that it may have: changes of its pace take of the rest. */
const GENTLY = 0.5;

/** Rules for a stream with one position each `period`. */
export function streamRules(limits: ArmLimits, period: Seconds): StreamRules {
  const policy = { limits: plannerLimits(limits.policy), cell: plannerCell(limits.cell), period };
  const back = plannerLimits(limits.recover);
  const gently = (values: JointVector): JointVector => mapJoints(values, (value) => value * GENTLY);
  return {
    policy,
    home: { ...policy, limits: plannerLimits(limits.home) },
    teleop: { ...policy, limits: plannerLimits(limits.teleop) },
    recover: {
      limits: { ...back, acceleration: gently(back.acceleration), jerk: gently(back.jerk) },
      cell: plannerCell({ ...limits.cell, speed: limits.recoverSpeed }),
      period,
    },
    recovered: limits.recover,
    stop: plannerLimits(limits.stop),
  };
}
