import { CALIBRATION_NAMES, type CalibrationName, type Expected, readCalibration } from "./files.js";
import type { Refusal } from "./hand-eye.js";

/** Which calibrations of a folder may be used. */
export interface CalibrationStanding {
  readonly good: readonly CalibrationName[];
  readonly missing: readonly CalibrationName[];
  /** Broken, foreign or stale ones. */
  readonly refused: readonly Refusal[];
}

/** Reads every calibration of a folder. */
export function standingOfCalibrations(folder: string, expected: Expected): CalibrationStanding {
  const reads = CALIBRATION_NAMES.map((name) => ({ name, read: readCalibration(folder, name, expected) }));
  const named = (kind: "good" | "missing"): readonly CalibrationName[] =>
    reads.filter(({ read }) => read.kind === kind).map(({ name }) => name);
  const refused = reads.flatMap(({ read }) => (read.kind === "good" || read.kind === "missing" ? [] : [read]));
  return { good: named("good"), missing: named("missing"), refused };
}

/**
 * Why no policy may move the arm with these calibrations: one of them must not be used (PO-18), or nobody made sure which
 * camera is which (PO-16). null when one may; the others may be missing, since no policy reads them.
 */
export function whyUncalibrated({ missing, refused }: CalibrationStanding): Refusal | null {
  const [first] = refused;
  if (first !== undefined) {
    return first;
  }
  return missing.includes("roles")
    ? {
        reason: "nobody made sure that front and wrist camera are not exchanged",
        hint: "Make sure of it: kinevla calibrate roles",
      }
    : null;
}
