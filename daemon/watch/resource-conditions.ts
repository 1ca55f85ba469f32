import type { Resources, WatchedProcess } from "../types/resources.js";
import type { Condition } from "./condition.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: HO-08.

/** The table of what a process must not use; nothing holds of one that is not there. */
export function resourceConditions(
  process: WatchedProcess,
  used: Resources | null,
  { memory, descriptors, busy }: WatchLimits["resources"],
): readonly Condition[] {
  const row = { id: "HO-08", code: "resources-short", reaction: "ramp" } as const;
  return [
    // First: without descriptors nothing else can be read.
    {
      ...{ ...row, lasting: 0 },
      holds: used !== null && !(used.descriptors <= descriptors),
      detail: () => `the ${process} has ${percent(used?.descriptors)} of its descriptors open`,
    },
    {
      ...{ ...row, lasting: 0 },
      holds: used !== null && !(used.memory <= memory),
      detail: () => `the ${process} uses ${percent(used?.memory)} of its memory`,
    },
    {
      ...{ ...row, lasting: busy.lasting },
      holds: used !== null && !(used.busy <= busy.part),
      detail: () => `the ${process} has been busy ${percent(used?.busy)} of the time for ${busy.lasting} s`,
    },
  ];
}

function percent(part: number | undefined): string {
  return `${((part ?? Number.NaN) * 100).toFixed(0)} %`;
}
