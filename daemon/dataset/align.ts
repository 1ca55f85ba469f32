import { CAMERA_ROLES, type CameraRole } from "../types/frame.js";
import type { Instant, JointPosition, Seconds } from "../types/units.js";
import type { Demonstration, RecordedPicture } from "./demonstration.js";

/** One step of an episode on the data set's own grid of instants. */
export interface AlignedStep {
  readonly at: Instant;
  readonly pictures: Readonly<Record<CameraRole, RecordedPicture>>;
  readonly measured: JointPosition;
  /** Measured opening, 0 closed to 1 open. */
  readonly gripper: number;
  /** Joint position commanded at `at`. */
  readonly commanded: JointPosition;
  /** Opening that the gripper was last told, 0 closed to 1 open. */
  readonly gripperCommanded: number;
  /** Texts in force; null before the first. */
  readonly texts: { readonly coarse: string; readonly fine: string } | null;
  /** A person drove in place of the policy. */
  readonly intervention: boolean;
}

/** Steps of an episode, or why it is not one. */
export type Alignment =
  | { readonly kind: "aligned"; readonly steps: readonly AlignedStep[] }
  | { readonly kind: "refused"; readonly reason: string };

interface Dated {
  readonly at: Instant;
}

/** Index of the newest item at or before an instant; -1 where there is none. */
function newestAt(items: readonly Dated[], at: Instant): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.at ?? Number.POSITIVE_INFINITY) <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** The item nearest to an instant; undefined for an empty list. */
function nearest<T extends Dated>(items: readonly T[], at: Instant): T | undefined {
  const before = items[newestAt(items, at)];
  const after = items[newestAt(items, at) + 1];
  if (before === undefined || after === undefined) {
    return before ?? after;
  }
  return at - before.at <= after.at - at ? before : after;
}

const milliseconds = (length: Seconds): string => `${Math.round(1000 * length)} ms`;

function missing(episode: Demonstration): string | null {
  const absent = CAMERA_ROLES.filter((role) => episode.pictures[role].length === 0);
  if (absent.length > 0) {
    return `it has no picture of the ${absent.join(" and the ")} camera`;
  }
  if (episode.states.length === 0) {
    return "it has no arm state";
  }
  return episode.commands.length === 0 ? "it has no setpoint: the arm was never commanded" : null;
}

/**
 * Puts an episode onto instants `1 / fps` apart, from the first at which everything is there to the last: nearest
 * pictures and arm state, newest setpoint. Refused where the nearest is further away than `maxSkew`.
 */
export function align(episode: Demonstration, fps: number, maxSkew: Seconds): Alignment {
  const lacking = missing(episode);
  if (lacking !== null) {
    return { kind: "refused", reason: lacking };
  }
  const { pictures, states, commands, gripperCommands, texts, interventions } = episode;
  const measuredStreams: readonly (readonly Dated[])[] = [...CAMERA_ROLES.map((role) => pictures[role]), states];
  const start = Math.max(...[...measuredStreams, commands].map((items) => items[0]?.at ?? Number.NaN));
  const end = Math.min(...measuredStreams.map((items) => items.at(-1)?.at ?? Number.NaN));
  const steps: AlignedStep[] = [];
  // The margin keeps rounding from costing the last step.
  const count = Math.floor((end - start) * fps + 1e-6) + 1;
  for (let index = 0; index < count; index += 1) {
    const at = start + index / fps;
    const front = nearest(pictures.front, at);
    const wrist = nearest(pictures.wrist, at);
    const state = nearest(states, at);
    const command = commands[newestAt(commands, at)];
    if (front === undefined || wrist === undefined || state === undefined || command === undefined) {
      return { kind: "refused", reason: "its streams do not overlap in time" };
    }
    const found: readonly (readonly [string, Dated])[] = [
      ["picture of the front camera", front],
      ["picture of the wrist camera", wrist],
      ["arm state", state],
    ];
    const late = found.find(([, item]) => Math.abs(item.at - at) > maxSkew);
    if (late !== undefined) {
      const [name, item] = late;
      const where = `${(at - start).toFixed(2)} s after its start`;
      const away = `${milliseconds(Math.abs(item.at - at))} away; at most ${milliseconds(maxSkew)} are allowed`;
      return { kind: "refused", reason: `${where} the nearest ${name} is ${away}` };
    }
    const told = gripperCommands[newestAt(gripperCommands, at)];
    const text = texts[newestAt(texts, at)];
    steps.push({
      at,
      pictures: { front, wrist },
      measured: state.measured,
      gripper: state.gripper,
      commanded: command.commanded,
      // Before the first command the gripper stays as it was found.
      gripperCommanded: told?.opening ?? Math.round(states[0]?.gripper ?? 1),
      texts: text === undefined ? null : { coarse: text.coarse, fine: text.fine },
      intervention: interventions.some(({ from, to }) => from <= at && at < to),
    });
  }
  return steps.length < 2
    ? { kind: "refused", reason: `it has ${milliseconds(Math.max(0, end - start))} in which all streams are there` }
    : { kind: "aligned", steps };
}
