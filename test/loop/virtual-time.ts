import assert from "node:assert/strict";
import { type RunHelpers, TestScheduler } from "rxjs/testing";
import type { Clock } from "../../daemon/ports/clock.js";

/** What the clock of `virtually` says at frame 0, in seconds; not 0, so that no forgotten offset hides. */
export const START = 100;

/** Runs a marble test in virtual time; `clock` is that time as the host's clock. */
export function virtually(test: (helpers: RunHelpers, clock: Clock) => void): void {
  const scheduler = new TestScheduler((actual, expected) => assert.deepEqual(actual, expected));
  scheduler.run((helpers) => test(helpers, { now: () => START + scheduler.now() / 1000 }));
}
