import { type JointVector, jointAt, mapJoints, type Seconds } from "../types/units.js";
import { FADE_PART } from "./limits.js";
import { degrees, type Refusal, type RefusalCode } from "./refusal.js";
import type { SourceRule } from "./source-rules.js";

// Interlocks: ML-01, ML-02, ML-03, ML-05, ML-07, PO-01.

/** A commanded position with its backward differences: rad, rad/s, rad/s2. */
export interface Motion {
  readonly q: JointVector;
  readonly v: JointVector;
  readonly a: JointVector;
}

const STILL: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** Stands for what came before the first setpoint of a stream: rest. */
const FIRST = { v: STILL, a: STILL } as const;

/** Differences of doubles near 3 rad over 5 ms are exact to 1e-13 rad/s; this is far above, and far below any limit. */
const ROUNDING = 1e-8;

/** A joint may be measured this much farther outside when a way back begins than when it was planned, rad: noise and settling. */
const MEASURED_NOISE = (0.1 * Math.PI) / 180;

/** Motion of a command that goes to `q` one period after `last`; the first of a stream stands still. */
export function motionTo(q: JointVector, last: Motion | null, period: Seconds): Motion {
  if (last === null) {
    return { q, ...FIRST };
  }
  const v = mapJoints(q, (angle, joint) => (angle - jointAt(last.q, joint)) / period);
  return { q, v, a: mapJoints(v, (speed, joint) => (speed - jointAt(last.v, joint)) / period) };
}

/** Largest difference of any joint, rad. */
export function distance(one: JointVector, other: JointVector): number {
  return Math.max(...one.map((angle, joint) => Math.abs(angle - jointAt(other, joint))));
}

/**
 * What rule and step, rad, forbid about a motion that follows `last`, null for the first of a stream, which is compared with
 * the `measured` pose where it comes back from outside; every bound is checked for every joint.
 */
export function motionRefusals(
  motion: Motion,
  last: Motion | null,
  measured: JointVector,
  rule: SourceRule,
  mostStep: number,
  period: Seconds,
): Refusal[] {
  const refusals: Refusal[] = [];
  const bound = (code: RefusalCode, unit: string, values: JointVector, most: (joint: number) => number): void => {
    const joint = values.findIndex((value, index) => !(Math.abs(value) <= most(index)));
    if (joint >= 0) {
      const detail = `J${joint + 1} at ${degrees(jointAt(values, joint))} ${unit}, at most ${degrees(most(joint))}`;
      refusals.push({ code, reaction: "quick-stop", detail });
    }
  };
  const { limits, comesBack } = rule;
  const { v, a } = last ?? FIRST;
  const slack = last === null ? MEASURED_NOISE : ROUNDING * period;
  const inward = (joint: number): number => Math.abs(jointAt(last?.q ?? measured, joint)) + slack;
  bound("not-finite", "deg", motion.q, () => Number.MAX_VALUE);
  bound("position", "deg", motion.q, (joint) => (comesBack ? inward(joint) : jointAt(limits.highest, joint)));
  bound("velocity", "deg/s", motion.v, (joint) => jointAt(limits.velocity, joint) + ROUNDING);
  bound("acceleration", "deg/s2", motion.a, (joint) => jointAt(limits.acceleration, joint) + ROUNDING / period);
  const jerk = mapJoints(motion.a, (rate, joint) => (rate - jointAt(a, joint)) / period);
  bound("jerk", "deg/s3", jerk, (joint) => jointAt(limits.jerk, joint) + ROUNDING / period ** 2);
  bound("step", "deg/s", motion.v, () => mostStep / period);
  if (rule.slowsDown) {
    bound("speed-rises", "deg/s", motion.v, (joint) => {
      const speed = jointAt(v, joint);
      const step = FADE_PART * jointAt(limits.jerk, joint) * period;
      // Acceleration cannot vanish at once: what it still adds while it fades is not the ramp's doing.
      const fading = speed + fadedBy(step, jointAt(a, joint)) * period;
      return Math.max(Math.abs(speed), Math.abs(fading)) + ROUNDING;
    });
  }
  return refusals;
}

function fadedBy(step: number, acceleration: number): number {
  return Math.sign(acceleration) * Math.max(0, Math.abs(acceleration) - step);
}
