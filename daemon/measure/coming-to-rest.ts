import { hostClock } from "../ports/clock.js";
import type { Instant, Seconds } from "../types/units.js";
import type { Figure } from "./evidence.js";
import type { MeasuringCell } from "./measuring-cell.js";
import type { PushSample } from "./push-tap.js";
import { pause } from "./questions.js";

/** How a joint came to rest after something was done to it. */
export interface Rest {
  /** At the instant itself, deg/s. */
  readonly speed: number;
  /** deg */
  readonly distance: number;
  /** Until the last instant at which it still moved, s. */
  readonly time: number;
  /** It stands at the end. */
  readonly still: boolean;
  /** System error codes seen. */
  readonly errors: readonly number[];
  /** The arm's own words seen, in order. */
  readonly words: readonly string[];
}

const DEGREE = Math.PI / 180;
/** A joint that turns slower than this stands, deg/s: twice what rounding to 0.001 deg makes of 5 ms. */
const STANDS = 0.5;
/** Speed is taken over this time, s. */
const WINDOW = 0.02;
/** It counts as at speed from here on; limits and the age of what is known keep it below; the speed it had is a figure. */
const AT_SPEED = 0.7;
const AT_SPEED_WITHIN_MS = 2500;
const ATTEMPTS = 3;

/**
 * Turns one joint (1 to 7) evenly at a speed in deg/s towards its middle, does something to it, and watches it come to
 * rest; afterwards the arm stands by again. Nothing is done to a joint that is not at speed: it is tried again. Rejects
 * where the arm process refuses or the speed is not reached.
 */
export async function restAfter(
  cell: MeasuringCell,
  joint: number,
  speedDeg: number,
  act: () => unknown,
  watched: Seconds,
): Promise<Rest> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const end = await turn(cell, joint, speedDeg);
    try {
      if (await isAtSpeed(cell, joint, speedDeg)) {
        const at = hostClock.now();
        await act();
        await pause(watched * 1000);
        return restSince(cell.push.samples, joint, at);
      }
    } finally {
      end();
      await cell.standBy();
    }
  }
  throw new Error(`J${joint} did not reach ${speedDeg} deg/s; the arm process last said: ${cell.refusal}`);
}

/** Begins to turn a joint towards its middle. */
async function turn(cell: MeasuringCell, joint: number, speedDeg: number): Promise<() => void> {
  await cell.standBy();
  const from = cell.commanded;
  if (from === null) {
    throw new Error("there is no state of the arm");
  }
  const speed = ((from[joint - 1] ?? 0) > 0 ? -1 : 1) * speedDeg * DEGREE;
  // From where the command is, so that a chunk that came too late leaves no way to be caught up.
  return cell.follow((_, ahead, commanded) =>
    commanded.map((q, index) => (index === joint - 1 ? q + speed * ahead : (from[index] ?? q))),
  );
}

/** Waits until a joint is at speed; false when it does not get there. */
async function isAtSpeed(cell: MeasuringCell, joint: number, speedDeg: number): Promise<boolean> {
  const deadline = performance.now() + AT_SPEED_WITHIN_MS;
  while (speedAt(cell.push.samples, cell.push.samples.length - 1, joint) < AT_SPEED * speedDeg) {
    if (performance.now() > deadline) {
      return false;
    }
    await pause(5);
  }
  return true;
}

/** How a joint came to rest since an instant. */
export function restSince(samples: readonly PushSample[], joint: number, at: Instant): Rest {
  const first = Math.max(
    0,
    samples.findLastIndex((sample) => sample.at <= at),
  );
  const last = samples.findLastIndex((_, index) => index > first && speedAt(samples, index, joint) > STANDS);
  const after = samples.slice(first);
  const start = samples[first]?.jointDeg[joint - 1] ?? Number.NaN;
  const end = samples.at(-1)?.jointDeg[joint - 1] ?? Number.NaN;
  return {
    speed: speedAt(samples, first, joint),
    distance: Math.abs(end - start),
    time: last < 0 ? 0 : Math.max(0, (samples[last]?.at ?? at) - at),
    still: speedAt(samples, samples.length - 1, joint) <= STANDS,
    errors: [...new Set(after.flatMap(({ errors }) => errors))],
    words: after.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1]),
  };
}

/** Speed of a joint at a sample, deg/s. */
export function speedAt(samples: readonly PushSample[], index: number, joint: number): number {
  const end = samples[index];
  const start = end === undefined ? undefined : samples.slice(0, index).findLast(({ at }) => at <= end.at - WINDOW);
  if (start === undefined || end === undefined) {
    return 0;
  }
  return Math.abs((end.jointDeg[joint - 1] ?? 0) - (start.jointDeg[joint - 1] ?? 0)) / (end.at - start.at);
}

/** A rest as figures, each named after what was done. */
export function restFigures(what: string, rest: Rest): readonly Figure[] {
  return [
    { name: `${what}: speed`, value: rounded(rest.speed), unit: "deg/s" },
    { name: `${what}: distance`, value: rounded(rest.distance), unit: "deg" },
    { name: `${what}: time`, value: rounded(rest.time * 1000), unit: "ms" },
    { name: `${what}: stands at the end`, value: rest.still, unit: "" },
    { name: `${what}: error codes`, value: rest.errors.map((code) => `0x${code.toString(16)}`).join(" "), unit: "" },
    { name: `${what}: the arm's words`, value: rest.words.join(", "), unit: "" },
  ];
}

/** To a thousandth. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
