import type { Instant, JointVector } from "../types/units.js";
import type { Condition } from "./condition.js";
import { type History, measuredSpeed, poseBefore } from "./history.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-16.

/** Speeds of an arm that should stop are taken over this time, s. */
const WINDOW = 0.05;
const STILL: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** What must not be after a stop at `stoppedAt`; -Infinity for none. */
export function stopConditions(
  history: History,
  stoppedAt: Instant,
  now: Instant,
  watch: WatchLimits,
): readonly Condition[] {
  const speed = measuredSpeed(history, poseBefore(history, WINDOW)) ?? STILL;
  const fastest = Math.max(...speed.map(Math.abs));
  return [
    {
      ...{ id: "AR-16", code: "stop-not-obeyed", reaction: "cut-supply", lasting: 0 },
      holds: now - stoppedAt > watch.stopObeyed && !(fastest <= watch.standstill.speed),
      detail: () => `the arm still moves ${((now - stoppedAt) * 1000).toFixed(0)} ms after it was stopped`,
    },
  ];
}
