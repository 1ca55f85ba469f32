import type { MotionLimits } from "../guard/limits.js";
import { breaches, ROUNDING } from "../motion/breaches.js";
import { emptyPlacement, place } from "../motion/placement.js";
import { JOINT_COUNT, type JointVector, jointAt, type Seconds } from "../types/units.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import type { RecordedMotion, RecordedSetpoint } from "./recorded-motion.js";

/** What a motion is to be replayed on. */
export interface Replayer {
  /** The arm, in the words of its arm process. */
  readonly arm: string;
  /** SHA-256 of the file with the limits. */
  readonly limitsDigest: string;
  readonly limits: ArmLimits;
  /** Where the arm is, rad. */
  readonly commanded: JointVector;
}

/** Instants are told to 0.1 us and periods are their differences; speeds are judged with this much room, in parts. */
const SLACK = 1e-4;

/** Why a motion must not be replayed here, in words; null when it may be tried. The guard decides about each setpoint all the same. */
export function unfitness(motion: RecordedMotion, { arm, limitsDigest, limits, commanded }: Replayer): string | null {
  if (motion.arm !== arm) {
    return `it was recorded on another arm: ${motion.arm || "none"}; here is ${arm}`;
  }
  if (motion.limitsDigest !== limitsDigest) {
    return "it was recorded under other limits than those of the present configuration";
  }
  if (motion.length > limits.chunks.longest) {
    return `it is ${motion.length.toFixed(0)} s long; the arm is moved for at most ${limits.chunks.longest} s in one go`;
  }
  return outside(motion.setpoints, limits) ?? tooFar(motion, commanded, limits);
}

/** The first setpoint that is beyond a limit of joint or cell, with its time and value. */
function outside(setpoints: readonly RecordedSetpoint[], { policy, stop, cell }: ArmLimits): string | null {
  let before: RecordedSetpoint | null = null;
  let [last, next] = [emptyPlacement(cell), emptyPlacement(cell)];
  for (const setpoint of setpoints) {
    const { after, source, q } = setpoint;
    const when = `${after.toFixed(2)} s after its start`;
    const period = before === null ? null : after - before.after;
    const beyond = beyondJoints(before?.q ?? q, q, period, source === "stop" ? stop : policy);
    if (beyond !== null) {
      return `${when} ${beyond}`;
    }
    place(q, cell, next);
    if (period !== null && period > 0) {
      // A stop and a hold are exempt from speed and approach, as before the guard.
      const moving = source !== "stop" && source !== "hold";
      const [breach] = breaches(last, next, cell, { moving, slack: ROUNDING }, period * (1 + SLACK));
      if (breach !== undefined) {
        return `${when} ${breach.kind}: ${breach.detail}`;
      }
    }
    [last, next] = [next, last];
    before = setpoint;
  }
  return null;
}

function beyondJoints(from: JointVector, q: JointVector, period: Seconds | null, limits: MotionLimits): string | null {
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const angle = jointAt(q, joint);
    const [lowest, highest] = [jointAt(limits.lowest, joint), jointAt(limits.highest, joint)];
    if (!(angle >= lowest && angle <= highest)) {
      return `J${joint + 1} is at ${degrees(angle)} degrees, between ${degrees(lowest)} and ${degrees(highest)} is allowed`;
    }
    const speed = period === null ? 0 : Math.abs(angle - jointAt(from, joint)) / period;
    const most = jointAt(limits.velocity, joint);
    if (!(speed <= most * (1 + SLACK))) {
      return `J${joint + 1} moves at ${degrees(speed)} degrees/s, at most ${degrees(most)} is allowed`;
    }
  }
  return null;
}

/** Farther away than a leader arm may be to be followed at all (OP-07), the straight way to the start is nobody's wish. */
function tooFar({ setpoints }: RecordedMotion, commanded: JointVector, { leader }: ArmLimits): string | null {
  const most = leader.refused;
  for (const { q } of setpoints.slice(0, 1)) {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const distance = Math.abs(jointAt(q, joint) - jointAt(commanded, joint));
      if (!(distance <= most)) {
        return `its first pose is too far: J${joint + 1} is ${degrees(distance)} degrees away, at most ${degrees(most)}; see: kinevla home`;
      }
    }
  }
  return null;
}

function degrees(angle: number): string {
  return ((angle * 180) / Math.PI).toFixed(1);
}
