import { type Instant, type JointVector, jointAt, type Seconds } from "../types/units.js";
import type { Condition } from "./condition.js";
import { type History, measuredSpeed, poseBefore } from "./history.js";
import { isByHand } from "./report-conditions.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-16, ML-15, OP-06.

/** Speeds of an arm that should stop are taken over this time, s. */
const WINDOW = 0.05;

/** While the arm should stand and does not, it is told to stop this often (AR-16, ML-15): three times before its supply is cut [C]. */
export const STOP_AGAIN: Seconds = 0.1;

/** A stop that the arm has not settled after. */
export interface StopTold {
  /** Since when the arm should come to stand: when it was told first, or told again after it had stood. */
  readonly since: Instant;
  /** When it was told last. */
  readonly toldAt: Instant;
  /** The arm has stood since then. */
  readonly stood: boolean;
}

/** The arm was told to stop; `before` is what it had not settled after yet. */
export function stopTold(before: StopTold | null, now: Instant): StopTold {
  return { since: before === null || before.stood ? now : before.since, toldAt: now, stood: false };
}

/** A report came. */
export function stopIn(stop: StopTold, history: History, now: Instant, watch: WatchLimits): StopTold {
  // Of an arm whose speed is not known nobody knows that it stands.
  const stands = now - stop.toldAt > WINDOW && (fastest(history) ?? Infinity) <= watch.standstill.speed;
  return stands ? { ...stop, stood: true } : stop;
}

/** An arm that has left where it stood, and has been calm since for so long, stands again (ML-15): as long as a fault of its own has to be gone [A]. */
const CALM: Seconds = 1;
/** Calm is an arm that stays within this part of what it may be from where it stood [A]: what drifts faster than 0.25 deg/s is not. */
const CALM_PART = 0.25;

/** Where an arm stays that should stand, and since when. */
export interface Calm {
  readonly at: JointVector;
  readonly since: Instant;
}

/** A report came. */
export function calmIn(before: Calm | null, q: JointVector, now: Instant, watch: WatchLimits): Calm {
  const most = CALM_PART * watch.standstill.distance;
  const stays = before?.at.every((angle, joint) => Math.abs(jointAt(q, joint) - angle) <= most) ?? false;
  return before !== null && stays ? before : { at: q, since: now };
}

/** It stands wherever it is. */
export function isCalm({ since }: Calm, now: Instant): boolean {
  return now - since >= CALM;
}

/** What must not be after a stop, null for none; `status` is the arm's word for what it does, `foreign` that it is none of ours. */
export function stopConditions(
  history: History,
  stop: StopTold | null,
  { status, foreign }: { readonly status: string; readonly foreign: boolean },
  now: Instant,
  watch: WatchLimits,
): readonly Condition[] {
  const moves = !((fastest(history) ?? 0) <= watch.standstill.speed);
  const milliseconds = ((now - (stop?.toldAt ?? now)) * 1000).toFixed(0);
  return [
    {
      ...{ id: "AR-16", code: "stop-not-obeyed", reaction: "cut-supply", lasting: 0 },
      // What stood and is commanded anew has obeyed.
      holds: stop !== null && now - stop.since > watch.stopObeyed && moves && !(foreign && stop.stood),
      detail: () => `the arm still moves ${((now - (stop?.since ?? now)) * 1000).toFixed(0)} ms after it was stopped`,
    },
    {
      // Until it has settled nobody takes it out of the stop by its pendant: whoever commands it then never let go. A hand is not
      // braked (OP-06).
      ...{ id: "ML-15", code: "moves-unasked", reaction: "quick-stop", lasting: 0 },
      holds: stop !== null && foreign && !isByHand(status) && now - stop.toldAt >= STOP_AGAIN && moves,
      detail: () => `the arm moves (${status}) ${milliseconds} ms after it was stopped: something else commands it`,
    },
  ];
}

/** Of any joint, rad/s; null while it is not known. */
function fastest(history: History): number | null {
  const speed = measuredSpeed(history, poseBefore(history, WINDOW));
  return speed === null ? null : Math.max(...speed.map(Math.abs));
}
