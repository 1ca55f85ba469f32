import type { Seconds } from "../types/units.js";
import type { Condition } from "./condition.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-09, HO-15.

/** 99.9 % of the ticks have to be in time (HO-15). */
const MOST_LATE = 0.001;

/** What only time can tell. */
export interface Punctuality {
  /** Age of the arm's newest report; not known in a tick before which nothing could be read. */
  readonly stateAge: Seconds | null;
  /** Which part of the ticks of the last minute came later than permitted. */
  readonly lateShare: number;
}

/** The table of what must not come late. */
export function clockConditions({ stateAge, lateShare }: Punctuality, watch: WatchLimits): readonly Condition[] {
  const late = (): string => `the arm's state is ${milliseconds(stateAge ?? 0)} old`;
  return [
    {
      ...{ id: "AR-09", code: "state-late", reaction: "note", lasting: 0, detail: late },
      holds: stateAge !== null && !(stateAge <= watch.stateAge.note),
    },
    {
      ...{ id: "AR-09", code: "state-late", reaction: "slow", lasting: 0, detail: late },
      holds: stateAge !== null && !(stateAge <= watch.stateAge.slow),
    },
    {
      ...{ id: "HO-15", code: "machine-late", reaction: "slow", lasting: 0 },
      holds: !(lateShare <= MOST_LATE),
      detail: () =>
        `${(lateShare * 100).toFixed(1)} % of the last minute's ticks came more than ${milliseconds(watch.lateness)} late`,
    },
  ];
}

function milliseconds(time: Seconds): string {
  return `${(time * 1000).toFixed(1)} ms`;
}
