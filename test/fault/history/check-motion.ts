import type { Limits, MotionLimits } from "../../../daemon/guard/limits.js";
import type { Instant, Seconds } from "../../../daemon/types/units.js";
import { pointByScrews } from "../../motion/product-of-exponentials.js";
import { type Frame, fastest, framesOf, speedNoise } from "./frames.js";
import { falls } from "./ramp.js";
import { type RunHistory, releases, STOPS, type Violation } from "./run-history.js";

/** What a history is judged by. */
export interface Bounds {
  readonly limits: Limits;
  /** Of the stream. */
  readonly period: Seconds;
}

const DEGREE = Math.PI / 180;

/** C2: every setpoint lies inside the limits of joints and cell; kinematics are those of test/motion, not the guard's. */
export function insideLimits({ commands }: RunHistory, { limits, period }: Bounds): readonly Violation[] {
  const frames = framesOf(commands, period);
  const noise = speedNoise(period);
  const violations: Violation[] = [];
  let before: Frame | null = null;
  for (const frame of frames) {
    const { at, q, v, a, first } = frame;
    const say = (detail: string): void => {
      violations.push({ check: "C2", at, detail });
    };
    // Which source moves the arm is not seen from outside: the laxest of them counts.
    const most = (of: (bounds: MotionLimits) => readonly number[], joint: number): number =>
      Math.max(...[limits.policy, limits.home, limits.teleop, limits.stop].map((bounds) => of(bounds)[joint] ?? 0));
    for (const [joint, angle] of q.entries()) {
      const name = `J${joint + 1}`;
      if (!(Math.abs(angle) <= most((bounds) => bounds.highest, joint) + noise * period)) {
        say(`${name} at ${(angle / DEGREE).toFixed(2)} deg`);
      }
      if (!(Math.abs(v[joint] ?? 0) <= most((bounds) => bounds.velocity, joint) + noise)) {
        say(`${name} at ${((v[joint] ?? 0) / DEGREE).toFixed(1)} deg/s`);
      }
      if (!(Math.abs(a[joint] ?? 0) <= most((bounds) => bounds.acceleration, joint) + (2 * noise) / period)) {
        say(`${name} at ${((a[joint] ?? 0) / DEGREE).toFixed(0)} deg/s2`);
      }
      if (!(Math.abs(v[joint] ?? 0) * period <= limits.mostStep + noise * period)) {
        say(`${name} steps ${(((v[joint] ?? 0) * period) / DEGREE).toFixed(2)} deg`);
      }
    }
    if (!first && before !== null) {
      cellBreach(before, frame, limits, period, say);
    }
    before = frame;
  }
  return violations;
}

/** Of a control point, from the wire's resolution times the reach, m/s and m. */
const POINT_SPEED_NOISE = 0.006;
const POINT_NOISE = 0.0005;

function cellBreach(
  before: Frame,
  frame: Frame,
  { cell }: Limits,
  period: Seconds,
  say: (detail: string) => void,
): void {
  for (const [index, point] of cell.body.points.entries()) {
    const from = pointByScrews(before.q, point.frame, point.at);
    const to = pointByScrews(frame.q, point.frame, point.at);
    const speed = Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]) / period;
    if (!(speed <= cell.speed + POINT_SPEED_NOISE)) {
      say(`control point ${index} at ${(speed * 1000).toFixed(0)} mm/s`);
    }
    const outside = to.some((value, axis) => {
      const low = (cell.box.lowest[axis] ?? 0) - value;
      const high = value - (cell.box.highest[axis] ?? 0);
      return Math.max(low, high) > POINT_NOISE;
    });
    if (outside) {
      say(`control point ${index} outside the workspace`);
    }
    const least = cell.table.height + cell.table.fingertips;
    if (point.fingertip && to[2] < least - POINT_NOISE) {
      say(`a fingertip ${((to[2] - cell.table.height) * 1000).toFixed(1)} mm over the table`);
    }
  }
}

/** How late a process may hear of what the line carried, s; the interlock's own time comes on top. */
const HEARING: Seconds = 0.03;
/** The longest stopping ramp (limits file, stopping_ms: at most 0.21 s), s. */
const RAMP: Seconds = 0.21;

/**
 * C6: the arm is not moved without fresh state and an operator. A setpoint whose speed rises needs both within their
 * ages; a falling one may still be on the ramp that began then.
 */
export function nothingMovesAlone(history: RunHistory, { limits, period }: Bounds): readonly Violation[] {
  const frames = framesOf(history.commands, period);
  const pushes = history.pushes.map(({ at }) => at);
  const begins = frames[0]?.at ?? 0;
  const violations: Violation[] = [];
  for (const [index, frame] of frames.entries()) {
    if (frame.first || fastest(frame) < 3 * speedNoise(period)) {
      continue;
    }
    const allowance = HEARING + (falls(frames, index, limits, period) ? RAMP : 0);
    const late = (name: string, age: Seconds, seen: readonly Instant[]): void => {
      // What came just before the record begins is not in it.
      const last = Math.max(begins, seen.findLast((at) => at <= frame.at) ?? begins);
      if (frame.at - last > age + allowance) {
        const ms = ((frame.at - last) * 1000).toFixed(0);
        violations.push({ check: "C6", at: frame.at, detail: `moves with ${name} ${ms} ms old` });
      }
    };
    late("arm state", limits.mostAge.armState, pushes);
    late("the operator's line", limits.mostAge.operator, history.operatorBytes);
  }
  return firstOf(violations);
}

/** One of each kind is enough: the next thousand setpoints say the same. */
function firstOf(violations: readonly Violation[]): readonly Violation[] {
  const kind = ({ detail }: Violation): string => detail.replace(/\d+/g, "");
  return violations.filter((one, index) => violations.findIndex((other) => kind(other) === kind(one)) === index);
}

/** Slower than this counts as standing, rad/s (safety.md §4.1: 0.5 deg/s). */
const STANDING = 0.5 * DEGREE;
/** Speeds are taken over this time, so that the reading's noise is none. */
const WINDOW: Seconds = 0.05;
/** A stopped arm may settle this far, rad (safety.md ML-15). */
const SETTLING = 1 * DEGREE;

/** Largest joint speed of the arm over the window that ends at cycle `index`, rad/s; NaN before there is one. */
function measuredSpeed(cycles: RunHistory["cycles"], index: number): number {
  const to = cycles[index];
  let from = index;
  while (from > 0 && to !== undefined && to.at - (cycles[from]?.at ?? 0) < WINDOW) {
    from -= 1;
  }
  const start = cycles[from];
  if (to === undefined || start === undefined || to.at - start.at < WINDOW / 2) {
    return Number.NaN;
  }
  const angles = to.jointMilliDeg.map((angle, joint) => Math.abs(angle - (start.jointMilliDeg[joint] ?? angle)));
  return (Math.max(...angles) / 1000) * (DEGREE / (to.at - start.at));
}

/** When the arm stood still for good after `since`; null when it did not within the record. */
export function stillAt(history: RunHistory, since: Instant, until: Instant = Infinity): Instant | null {
  const { cycles } = history;
  let still: Instant | null = null;
  for (const [index, { at }] of cycles.entries()) {
    if (at >= since && at <= until) {
      const speed = measuredSpeed(cycles, index);
      still = speed < STANDING ? (still ?? Math.max(since, at - WINDOW)) : null;
    }
  }
  return still;
}

/** C7: after a stop the arm comes to rest within `within` and stays where it stands until the next motion is asked for. */
export function staysStopped(history: RunHistory, within: Seconds): readonly Violation[] {
  const violations: Violation[] = [];
  const released = releases(history);
  let handledUntil = -Infinity;
  for (const { at, command } of history.commands) {
    if (!STOPS.includes(command) || at < handledUntil) {
      continue;
    }
    const until = released.find((instant) => instant > at) ?? Infinity;
    handledUntil = until;
    const inside = history.cycles.filter((cycle) => cycle.at >= at + within && cycle.at <= until);
    const stood = inside[0];
    if (stood === undefined) {
      continue;
    }
    for (const [joint, angle] of stood.jointMilliDeg.entries()) {
      const drift = Math.max(...inside.map((cycle) => Math.abs((cycle.jointMilliDeg[joint] ?? angle) - angle))) / 1000;
      if (drift * DEGREE > SETTLING) {
        violations.push({ check: "C7", at, detail: `J${joint + 1} moved ${drift.toFixed(2)} deg after ${command}` });
      }
    }
  }
  return violations;
}
