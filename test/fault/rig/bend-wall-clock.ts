import { hostClock } from "../../../daemon/ports/clock.js";

/** Ways in which the wall clock goes wrong: a step after 5 s, or a strobe between two times that begins then. */
const HOUR_MS = 3_600_000;
const STROBE_MS = 288_000;
const BEGINS_AFTER_S = 5;

/** Makes `Date` of this process wrong: `+hour`, `-hour`, `strobe`. The monotonic clock stays as it is. */
export function bendWallClock(how: string): void {
  const startedAt = hostClock.now();
  const now = Date.now.bind(Date);
  const offset = (): number => {
    const elapsed = hostClock.now() - startedAt - BEGINS_AFTER_S;
    if (elapsed < 0) {
      return 0;
    }
    switch (how) {
      case "+hour":
        return HOUR_MS;
      case "-hour":
        return -HOUR_MS;
      default:
        // Every 7 ms the other way: jepsen's strobe (safety.md §1).
        return Math.floor(elapsed / 0.007) % 2 === 0 ? STROBE_MS : -STROBE_MS;
    }
  };
  Date.now = () => now() + offset();
}
