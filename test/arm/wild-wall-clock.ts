// Loaded into a process by NODE_OPTIONS=--import: its wall clock is an hour ahead, an hour behind, 288 s to either side, in
// 1970, and right again, a tenth of a second each. The monotonic clock stays as it is.

import { hostClock } from "../../daemon/ports/clock.js";

const HOUR_MS = 3_600_000;
const STROBE_MS = 288_000;

const right = Date.now.bind(Date);
const WAYS: readonly (() => number)[] = [
  () => right() + HOUR_MS,
  () => right() - HOUR_MS,
  () => right() + STROBE_MS,
  () => right() - STROBE_MS,
  () => 0,
  right,
];

Date.now = () => (WAYS[Math.floor(hostClock.now() * 10) % WAYS.length] ?? right)();
