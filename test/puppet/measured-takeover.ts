import { join } from "node:path";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { readEpisode } from "../../daemon/recorder/read-episode.js";
import type { SetpointSource } from "../../daemon/types/setpoint.js";
import { type Instant, type JointVector, jointAt, type Seconds } from "../../daemon/types/units.js";
import type { Arrival } from "../../drivers/virtual-lab/controller/arrivals.js";

/** A setpoint as the arm process permitted it, out of a recording. */
export interface RecordedSetpoint {
  readonly source: SetpointSource;
  readonly epoch: number;
  readonly dueAt: Instant;
  readonly q: readonly number[];
}

/** A takeover as the controller saw it; who proposed which setpoint is from the recording, everything else from the wire. */
export interface MeasuredTakeover {
  /** From the policy's last setpoint to the leader's first: in ticks of the stream, and between their arrivals. */
  readonly ticks: number;
  readonly between: Seconds;
  /** When the leader's first setpoint arrived. */
  readonly arrivedAt: Instant;
  /** Of every step of a joint from 0.5 s before to 0.5 s after it, the largest part of what one tick may bring. */
  readonly largestStep: number;
}

const AROUND: Seconds = 0.5;
/** A setpoint is on the wire this soon after it was due, on a loaded machine too. */
const ARRIVES_WITHIN: Seconds = 0.1;

/** Names of the corrections in a folder of recordings, oldest first. */
export function correctionsIn(folder: string): readonly string[] {
  return (readIndex(folder) ?? []).filter(({ kind }) => kind === "correction").map(({ name }) => name);
}

/** What was sent in a recording. */
export async function setpointsOf(folder: string, name: string): Promise<readonly RecordedSetpoint[]> {
  const { messages } = await readEpisode(join(folder, `${name}.mcap`), ["/arm/setpoint"]);
  return messages.map(({ value }) => value as RecordedSetpoint);
}

/** Finds a correction's takeover among what arrived; throws where a setpoint of it did not arrive. */
export function measureTakeover(
  sent: readonly RecordedSetpoint[],
  arrivals: readonly Arrival[],
  velocity: JointVector,
  period: Seconds,
): MeasuredTakeover {
  const index = sent.findIndex(({ source }, at) => source === "teleop" && sent[at - 1]?.source !== "teleop");
  const first = sent[index];
  const last = sent.slice(0, index).findLast(({ source }) => source === "policy");
  if (first === undefined || last === undefined) {
    const runs = sent.filter(
      ({ source, epoch }, at) => source !== sent[at - 1]?.source || epoch !== sent[at - 1]?.epoch,
    );
    const told = runs.map(({ source, epoch, dueAt }) => `${source} (${epoch}) from ${dueAt.toFixed(2)}`).join(", ");
    throw new Error(`no takeover from a policy among ${sent.length} setpoints: ${told}`);
  }
  const frames = arrivals.filter(({ command }) => command === "movej_canfd");
  const from = arrivalOf(last, frames);
  const to = arrivalOf(first, frames);
  const near = frames.filter(({ at }) => Math.abs(at - to.at) <= AROUND);
  return {
    ticks: Math.round((first.dueAt - last.dueAt) / period),
    between: to.at - from.at,
    arrivedAt: to.at,
    largestStep: largestStep(near, velocity, period),
  };
}

/** The largest step of a joint from frame to frame, as a part of what one tick may bring at the greatest `velocity`, rad/s. */
export function largestStep(frames: readonly Arrival[], velocity: JointVector, period: Seconds): number {
  const steps = frames.flatMap(({ q }, index) => {
    const before = frames[index - 1]?.q ?? q;
    return (q ?? []).map(
      (angle, joint) => Math.abs(angle - (before?.[joint] ?? angle)) / (jointAt(velocity, joint) * period),
    );
  });
  return Math.max(0, ...steps);
}

function arrivalOf({ q, dueAt }: RecordedSetpoint, frames: readonly Arrival[]): Arrival {
  const found = frames.find(({ at, q: arrived }) => {
    const late = at - dueAt;
    return (
      late >= 0 && late < ARRIVES_WITHIN && arrived?.every((angle, joint) => isSame(angle, q[joint] ?? Number.NaN))
    );
  });
  if (found === undefined) {
    throw new Error(`the setpoint due at ${dueAt} did not arrive`);
  }
  return found;
}

/** The wire's resolution is 0.001 degrees. */
function isSame(arrived: number, sent: number): boolean {
  return Math.abs(arrived - sent) <= (0.6 * Math.PI) / 180_000;
}
