import type { ArmHealth } from "../types/arm-state.js";
import { type Instant, jointAt, type Seconds } from "../types/units.js";
import type { Condition } from "./condition.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-03, AR-04, AR-05, AR-06.

/** Joint temperatures as they were, kept to see them rise. */
export interface Warmth {
  readonly at: Instant;
  readonly temperature: readonly number[];
}

/** A reading is kept this often, and as many as make a minute. */
const KEPT_EVERY: Seconds = 10;
const KEPT = 6;

/** Keeps a reading now and then, oldest first. */
export function warmthIn(warmth: readonly Warmth[], health: ArmHealth | null, now: Instant): readonly Warmth[] {
  const last = warmth.at(-1);
  return health === null || (last !== undefined && now - last.at < KEPT_EVERY)
    ? warmth
    : [...warmth.slice(1 - KEPT), { at: now, temperature: health.temperature }];
}

/** The table of what the arm's own readings must not be; nothing holds where a link does not carry them. */
export function healthConditions(
  health: ArmHealth | null,
  warmth: readonly Warmth[],
  limits: WatchLimits,
): readonly Condition[] {
  const { temperature, current, voltage, controller } = limits;
  const known = health !== null;
  const heat = worst(health?.temperature ?? [], (value) => value);
  const before = warmth[0]?.temperature ?? [];
  const rise = worst(health?.temperature ?? [], (value, joint) => value - (before[joint] ?? value));
  const load = worst(health?.current ?? [], (value, joint) => Math.abs(value) / jointAt(current.free, joint));
  const low = worst(health?.voltage ?? [], (value) => -value);
  const high = worst(health?.voltage ?? [], (value) => value);
  const box = health?.controllerTemperature ?? null;
  const joint = ({ index }: Worst): string => `J${index + 1}`;
  const hot = () => `${joint(heat)} has ${shown(heat.by)} degrees`;
  const loaded = () => `${joint(load)} takes ${shown(load.by)} times its current in free motion`;
  const tooLow = () => `${joint(low)} has ${shown(-low.by)} V`;
  const tooHigh = () => `${joint(high)} has ${shown(high.by)} V`;
  return [
    {
      ...{ id: "AR-03", code: "joint-hot", reaction: "note", lasting: 0, detail: hot },
      holds: known && !(heat.by < temperature.note),
    },
    {
      ...{ id: "AR-03", code: "joint-hot", reaction: "note", lasting: 0 },
      holds: known && !(rise.by <= temperature.risePerMinute),
      detail: () => `${joint(rise)} became ${shown(rise.by)} degrees warmer within a minute`,
    },
    {
      ...{ id: "AR-03", code: "joint-hot", reaction: "slow", lasting: 0, detail: hot },
      holds: known && !(heat.by < temperature.slow),
    },
    {
      ...{ id: "AR-03", code: "joint-hot", reaction: "protective-stop", lasting: 0, detail: hot },
      // A sensor that says nothing, or that a joint is colder than the arm may be, is broken, or the arm must not move.
      holds: known && (!(heat.by < temperature.stop) || health.temperature.some((value) => !(value >= COLDEST))),
      goesOn: known && !(heat.by < temperature.cool),
    },
    {
      ...{ id: "AR-04", code: "joint-current", reaction: "slow", lasting: current.slow.lasting, detail: loaded },
      holds: known && !(load.by <= current.slow.part),
    },
    {
      ...{ id: "AR-04", code: "joint-current", reaction: "protective-stop", detail: loaded },
      lasting: current.stop.lasting,
      holds: known && !(load.by <= current.stop.part),
    },
    {
      ...{ id: "AR-05", code: "joint-voltage", reaction: "note", lasting: voltage.lasting, detail: tooLow },
      holds: known && !(-low.by >= voltage.low.note),
    },
    {
      ...{ id: "AR-05", code: "joint-voltage", reaction: "note", lasting: voltage.lasting, detail: tooHigh },
      holds: known && !(high.by <= voltage.high.note),
    },
    {
      ...{ id: "AR-05", code: "joint-voltage", reaction: "protective-stop", lasting: voltage.lasting, detail: tooLow },
      holds: known && !(-low.by >= voltage.low.stop),
    },
    {
      ...{ id: "AR-05", code: "joint-voltage", reaction: "protective-stop", lasting: voltage.lasting, detail: tooHigh },
      holds: known && !(high.by <= voltage.high.stop),
    },
    {
      ...{ id: "AR-06", code: "controller-hot", reaction: "note", lasting: 0 },
      holds: box !== null && !(box < controller.note),
      detail: () => `the controller has ${shown(box ?? Number.NaN)} degrees`,
    },
    {
      ...{ id: "AR-06", code: "controller-hot", reaction: "protective-stop", lasting: 0 },
      holds: box !== null && !(box < controller.stop),
      detail: () => `the controller has ${shown(box ?? Number.NaN)} degrees`,
    },
  ];
}

/** The arm works from 0 to 45 degrees around it (vendor's parameter page), and AR-03 takes what is below 0 for a fault. */
const COLDEST = 0;

interface Worst {
  readonly by: number;
  readonly index: number;
}

/** The largest of a row and where it is; NaN counts as the largest. */
function worst(values: readonly number[], measure: (value: number, index: number) => number): Worst {
  let found = { by: -Infinity, index: 0 };
  for (const [index, value] of values.entries()) {
    const by = measure(value, index);
    found = Number.isNaN(found.by) || by <= found.by ? found : { by, index };
  }
  return found;
}

function shown(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "unknown";
}
