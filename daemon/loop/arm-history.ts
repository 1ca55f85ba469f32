import type { ArmReport } from "../types/arm-link.js";
import type { GripperState } from "../types/arm-state.js";
import { type Instant, type JointPosition, jointPosition, type Seconds } from "../types/units.js";

/** How long reports are kept; the oldest usable frame is 0.1 s old. */
const KEPT: Seconds = 1;
/** How far past the newest report motion is carried on: reports come every 20 ms, twice that leaves room for a late one. */
const LONGEST_REACH: Seconds = 0.04;

interface Sample {
  readonly at: Instant;
  readonly q: JointPosition;
}

/** What was asked for and measured in the last second, oldest first; empty while the arm is not connected. */
export interface ArmHistory {
  readonly reference: readonly Sample[];
  readonly measured: readonly Sample[];
  readonly reports: readonly ArmReport[];
}

/** Where arm and gripper were at one instant. */
export interface Pose {
  /** What the chunks command, before limits of motion delay it: the reference of the reports. */
  readonly commanded: JointPosition;
  readonly measured: JointPosition;
  readonly gripper: GripperState;
}

/** A history without reports. */
export const NO_HISTORY: ArmHistory = { reference: [], measured: [], reports: [] };

/** Adds a report; one without joint positions begins anew, because the arm may have been elsewhere since. */
export function remember(history: ArmHistory, report: ArmReport): ArmHistory {
  if (report.reference === null || report.measured === null || report.measuredAge === null) {
    return NO_HISTORY;
  }
  return {
    reference: append(history.reference, { at: report.at, q: report.reference }),
    measured: append(history.measured, { at: report.at - report.measuredAge, q: report.measured }),
    reports: append(history.reports, report),
  };
}

/** Arm and gripper at `at`, joints between reports linearly; null where the history does not reach. */
export function poseAt({ reference, measured, reports }: ArmHistory, at: Instant): Pose | null {
  const pose = { reference: sampleAt(reference, at), measured: sampleAt(measured, at) };
  const report = reports.findLast((one) => one.at <= at);
  return pose.reference === null || pose.measured === null || report === undefined
    ? null
    : { commanded: pose.reference, measured: pose.measured, gripper: report.gripper };
}

function append<T extends { readonly at: Instant }>(samples: readonly T[], next: T): readonly T[] {
  const last = samples.at(-1);
  if (last !== undefined && next.at <= last.at) {
    return samples;
  }
  return [...samples.filter((sample) => sample.at >= next.at - KEPT), next];
}

function sampleAt(samples: readonly Sample[], at: Instant): JointPosition | null {
  const after = samples.findIndex((sample) => sample.at >= at);
  const second = after === -1 ? samples.length - 1 : after;
  const a = samples[second - 1];
  const b = samples[second];
  if (b === undefined || at - b.at > LONGEST_REACH) {
    return null;
  }
  if (a === undefined) {
    return at === b.at ? b.q : null;
  }
  const part = (at - a.at) / (b.at - a.at);
  return jointPosition(a.q.map((from, joint) => from + part * ((b.q[joint] ?? from) - from)));
}
