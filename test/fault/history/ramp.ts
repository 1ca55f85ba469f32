import { FADE_PART, type Limits } from "../../../daemon/guard/limits.js";
import type { Instant, Seconds } from "../../../daemon/types/units.js";
import { type Frame, fastest, speedNoise } from "./frames.js";

/** True where no joint is faster in frame `index` than before, but for what an acceleration adds while it fades. */
export function falls(frames: readonly Frame[], index: number, limits: Limits, period: Seconds): boolean {
  const frame = frames[index];
  const before = frames[index - 1];
  if (frame === undefined || before === undefined || frame.first) {
    return true;
  }
  return frame.v.every((speed, joint) => {
    const last = before.v[joint] ?? 0;
    const a = before.a[joint] ?? 0;
    const fade = FADE_PART * (limits.stop.jerk[joint] ?? 0) * period;
    const faded = last + Math.sign(a) * Math.max(0, Math.abs(a) - fade) * period;
    // Both speeds and the acceleration are rounded to the wire's resolution.
    return Math.abs(speed) <= Math.max(Math.abs(last), Math.abs(faded)) + 4 * speedNoise(period);
  });
}

/**
 * The arrival of the first setpoint of the ramp that brings the stream to rest for good after `since`. Where the daemon
 * says when it began (`told`), that is believed if every setpoint from then on falls; else it is the instant from which on
 * the speed sinks from setpoint to setpoint, which is up to 25 ms late where the arm was speeding up. One that a stop has
 * `cutShort` counts where the daemon told of it. Null without a ramp, and for an arm that stood already.
 */
export function rampBegin(
  frames: readonly Frame[],
  since: Instant,
  told: Instant | null,
  limits: Limits,
  period: Seconds,
  cutShort: boolean,
): Instant | null {
  const last = frames.at(-1);
  if (last === undefined) {
    return null;
  }
  const rests = fastest(last) <= 3 * speedNoise(period);
  if (!rests && (!cutShort || told === null)) {
    return null;
  }
  const present = frames.findLast(({ at }) => at < since);
  if (present !== undefined && fastest(present) < 3 * speedNoise(period)) {
    return null;
  }
  const from = told === null ? -1 : frames.findIndex(({ at }) => at >= Math.max(told, since));
  const before = frames[from - 1];
  // A stop that was told of while the arm stood already explains nothing.
  const moved = before !== undefined && fastest(before) > 3 * speedNoise(period);
  // What goes on as fast as before is no ramp yet.
  const slower = rests || (before !== undefined && fastest(last) < fastest(before) - 3 * speedNoise(period));
  if (
    slower &&
    from >= 0 &&
    moved &&
    frames.every((_, index) => index <= from || falls(frames, index, limits, period))
  ) {
    return frames[from]?.at ?? null;
  }
  if (!rests) {
    return null;
  }
  let begin = frames.length - 1;
  while (begin > 0 && sinksOrStands(frames, begin, period)) {
    begin -= 1;
  }
  const at = frames[begin]?.at ?? null;
  return at === null ? null : Math.max(at, frames.find((frame) => frame.at >= since)?.at ?? at);
}

/** Slower than so many steps of the wire's resolution in a period, a speed that sinks may come twice or thrice. */
const COARSE = 10;

/** True where the speed is less than in the setpoint before, or than three before where the resolution hides a slow fall. */
function sinksOrStands(frames: readonly Frame[], index: number, period: Seconds): boolean {
  const noise = speedNoise(period);
  const speed = speedAt(frames, index);
  const before = speedAt(frames, index - 1);
  const fadesOut = speed < COARSE * noise && speed <= before + noise && speed < speedAt(frames, index - 3) - noise;
  return speed < 3 * noise || speed < before - noise || fadesOut;
}

/** Before the first the arm stood. */
function speedAt(frames: readonly Frame[], index: number): number {
  const frame = frames[index];
  return frame === undefined ? 0 : fastest(frame);
}
