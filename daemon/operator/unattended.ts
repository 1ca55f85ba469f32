import type { Mode } from "../types/mode.js";
import type { Instant, Seconds } from "../types/units.js";

// Interlocks: OP-11.

/** An arm that is powered for longer with nobody in control is told of (reference/safety.md, OP-11). */
const LONG: Seconds = 900;

/** Watches for an arm that is powered while nobody is in control; true once each time that has lasted for long. */
export function watchUnattended(): (mode: Mode | null, isControlled: boolean, now: Instant) => boolean {
  let since: Instant | null = null;
  let isTold = false;
  return (mode, isControlled, now) => {
    if (mode === null || mode === "disconnected" || isControlled) {
      since = null;
      isTold = false;
      return false;
    }
    since ??= now;
    const tells = !isTold && now - since > LONG;
    isTold ||= tells;
    return tells;
  };
}
