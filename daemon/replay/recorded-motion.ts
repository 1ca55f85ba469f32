import { z } from "zod";
import type { Episode } from "../recorder/read-episode.js";
import type { Setpoint } from "../types/setpoint.js";
import { type JointVector, jointPosition, type Seconds } from "../types/units.js";
import { firstFrom, MOST_GAP, type Track, trackAt } from "./track.js";

/** Channels of a recording that a motion is read from. */
export const MOTION_TOPICS = ["/arm/setpoint", "/arm/report"] as const;

/** The motion of a recorded episode, in seconds since its first setpoint. */
export interface RecordedMotion {
  /** Of the arm that it was recorded on, in the words of its arm process. */
  readonly arm: string;
  /** SHA-256 of the limits under which it was recorded. */
  readonly limitsDigest: string;
  readonly length: Seconds;
  readonly setpoints: readonly RecordedSetpoint[];
  /** `STEP` apart, the last one not before the end. */
  readonly targets: readonly MotionTarget[];
  /** As the arm reported it. */
  readonly measured: Track;
}

/** A setpoint as the guard permitted it. */
export interface RecordedSetpoint {
  readonly after: Seconds;
  readonly source: Setpoint["source"];
  readonly q: JointVector;
}

/** Where joints (rad) and gripper (0 closed to 1 open) should be. */
export interface MotionTarget {
  readonly after: Seconds;
  readonly q: JointVector;
  readonly gripper: number;
}

/** Between two targets; the arm process takes chunks of at least this period (arm/parse-to-arm.ts). */
export const STEP: Seconds = 0.02;

/** A motion, or why an episode holds none that can be replayed. */
export type MotionReading =
  | { readonly kind: "motion"; readonly motion: RecordedMotion }
  | { readonly kind: "refused"; readonly reason: string };

const joints = z.array(z.number()).length(7).transform(jointPosition);
const setpoint = z.object({
  ...{ source: z.enum(["hold", "policy", "home", "teleop", "recover", "stop"]), dueAt: z.number(), q: joints },
});
const report = z.object({
  ...{ at: z.number(), measured: joints.nullable(), measuredAge: z.number().nullable() },
  gripper: z.object({ commanded: z.number().min(0).max(1) }),
});

/** Reads the motion of an episode; what is torn, lost or left out makes it none. */
export function motionOf(episode: Episode): MotionReading {
  const start = episode.metadata.get("kinevla.episode");
  const end = episode.metadata.get("kinevla.end");
  if (start === undefined) {
    return refused(`it is no recording of this program${episode.torn === null ? "" : ` (${episode.torn})`}`);
  }
  const loss = lossOf(episode.torn, end);
  if (loss !== null) {
    return refused(`it is incomplete: ${loss}`);
  }
  const setpoints = z.array(setpoint).safeParse(valuesOf(episode, "/arm/setpoint"));
  const reports = z.array(report).safeParse(valuesOf(episode, "/arm/report"));
  if (!setpoints.success || !reports.success) {
    const issue = (setpoints.error ?? reports.error)?.issues[0];
    return refused(`a message in it is of another format: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const sent = setpoints.data.toSorted((a, b) => a.dueAt - b.dueAt);
  const beginning = sent[0]?.dueAt ?? 0;
  const recorded = sent.map(({ source, dueAt, q }) => ({ after: dueAt - beginning, source, q }));
  const length = recorded.at(-1)?.after ?? 0;
  if (length === 0) {
    return refused("it is incomplete: it holds no setpoints");
  }
  const gap = recorded.find(({ after }, index) => after - (recorded[index - 1]?.after ?? 0) > MOST_GAP);
  if (gap !== undefined) {
    const since = recorded[recorded.indexOf(gap) - 1]?.after ?? 0;
    return refused(`it is incomplete: no setpoints from ${since.toFixed(2)} s to ${gap.after.toFixed(2)} s`);
  }
  const heard = reports.data.toSorted((a, b) => a.at - b.at);
  const openings = heard.map(({ at, gripper }) => ({ after: at - beginning, opening: gripper.commanded }));
  if (openings.length === 0) {
    return refused("it is incomplete: it holds no reports of the arm");
  }
  const measured = heard.flatMap(({ at, measured: q, measuredAge }) =>
    q === null || measuredAge === null ? [] : [{ after: at - measuredAge - beginning, q }],
  );
  const motion: RecordedMotion = {
    ...{ arm: start.get("arm") ?? "", limitsDigest: start.get("limits_sha256") ?? "" },
    ...{ length, setpoints: recorded, targets: targetsOf(recorded, openings), measured: ascending(measured) },
  };
  return { kind: "motion", motion };
}

/** What was lost on the way into the file, in words; null for nothing. */
function lossOf(torn: string | null, end: ReadonlyMap<string, string> | undefined): string | null {
  const dropped = end?.get("dropped_messages") ?? "0";
  if (torn !== null) {
    return torn;
  }
  if (end === undefined) {
    return "it was never closed; see: kinevla record repair";
  }
  if (end.get("outcome") === "crashed") {
    return "the recording was cut off by a crash";
  }
  return dropped === "0" ? null : `the disk was too slow for ${dropped} of its messages`;
}

function targetsOf(
  setpoints: readonly RecordedSetpoint[],
  openings: readonly { readonly after: Seconds; readonly opening: number }[],
): readonly MotionTarget[] {
  const last = setpoints.slice(-1);
  return last.flatMap(({ after: length, q: rest }) =>
    Array.from({ length: Math.ceil(length / STEP) + 1 }, (_, step) => {
      const after = step * STEP;
      // What the gripper was told is reported after the setpoint.
      const { opening } = openings[firstFrom(openings, after)] ?? openings.at(-1) ?? { opening: 1 };
      return { after, q: trackAt(setpoints, after) ?? rest, gripper: opening };
    }),
  );
}

/** A report that repeats the pose of the one before says nothing new of the arm. */
function ascending(track: Track): Track {
  return track.filter(({ after }, index) => after > (track[index - 1]?.after ?? -Infinity));
}

function valuesOf(episode: Episode, topic: (typeof MOTION_TOPICS)[number]): readonly unknown[] {
  return episode.messages.filter((message) => message.topic === topic).map(({ value }) => value);
}

function refused(reason: string): MotionReading {
  return { kind: "refused", reason };
}
