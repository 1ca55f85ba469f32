import type { Measurement } from "./measurement.js";
import { askingMeasurements } from "./measurements/asking.js";
import { BY_HAND } from "./measurements/by-hand.js";
import { movingMeasurements } from "./measurements/moving.js";
import type { ArmAddress } from "./measuring-cell.js";
import { FULL_PACE, type Pace } from "./pace.js";

/** H-1 to H-20: what no document tells of the arm, in the order in which it is measured: first what moves nothing. */
export function catalogue(arm: ArmAddress, pace: Pace = FULL_PACE): readonly Measurement[] {
  const byNumber = (a: Measurement, b: Measurement): number => Number(a.id.slice(2)) - Number(b.id.slice(2));
  return [
    ...[...askingMeasurements(pace)].sort(byNumber),
    ...[...movingMeasurements(arm, pace)].sort(byNumber),
    ...[...BY_HAND].sort(byNumber),
  ];
}
