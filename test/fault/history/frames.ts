import type { Instant, Seconds } from "../../../daemon/types/units.js";
import type { Arrival } from "../../../drivers/virtual-lab/controller/arrivals.js";
import { STOPS } from "./run-history.js";

/** One setpoint as it arrived, with its backward differences: rad, rad/s, rad/s2. */
export interface Frame {
  readonly at: Instant;
  readonly q: readonly number[];
  readonly v: readonly number[];
  readonly a: readonly number[];
  /** The first of a stream: it has no motion. */
  readonly first: boolean;
}

/** A pause this long ends a stream (limits file, ages_ms.stream). */
const STREAM_END: Seconds = 0.1;
/** Resolution of the wire, rad. */
const RESOLUTION = Math.PI / 180_000;

/** Rounding of two positions to the wire's resolution, as a speed, rad/s. */
export function speedNoise(period: Seconds): number {
  return RESOLUTION / period;
}

/** Setpoints in the order in which they arrived; a stop or a pause ends a stream. Time is counted in periods of the stream. */
export function framesOf(commands: readonly Arrival[], period: Seconds): readonly Frame[] {
  const frames: Frame[] = [];
  let before: Frame | null = null;
  for (const { at, command, q } of commands) {
    if (STOPS.includes(command)) {
      before = null;
    }
    if (command !== "movej_canfd" || q === null) {
      continue;
    }
    const last: Frame | null = before !== null && at - before.at <= STREAM_END ? before : null;
    const v = q.map((angle, joint) => (last === null ? 0 : (angle - (last.q[joint] ?? angle)) / period));
    // After a pause on the line, or where the record begins, the speed before is not known.
    const unknown = last === null || last.first;
    const a = v.map((speed, joint) => (unknown ? 0 : (speed - (last?.v[joint] ?? speed)) / period));
    const frame: Frame = { at, q, v, a, first: last === null };
    frames.push(frame);
    before = frame;
  }
  return frames;
}

/** Largest speed of any joint, rad/s. */
export function fastest({ v }: Frame): number {
  return Math.max(...v.map(Math.abs));
}
