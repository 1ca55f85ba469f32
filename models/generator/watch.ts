import { hostClock } from "../../daemon/ports/clock.js";
import type { GeneratorTimes } from "./generator.js";

/** Splits the time of one inference into phases, s. */
export interface Watch {
  /** Adds the time since the last lap to a phase. */
  lap(phase: keyof GeneratorTimes): void;
  times(): GeneratorTimes;
}

/** Starts a watch. */
export function startWatch(): Watch {
  const times = { vision: 0, prefill: 0, text: 0, codes: 0 };
  let last = hostClock.now();
  return {
    lap: (phase) => {
      const now = hostClock.now();
      times[phase] += now - last;
      last = now;
    },
    times: () => times,
  };
}
