import { type CalibrationDoubt, readDoubt } from "./doubt.js";
import { CALIBRATION_NAMES, type CalibrationName, type Expected, readCalibration } from "./files.js";
import type { Refusal } from "./hand-eye.js";

// Interlocks: PO-18.

/** Which calibrations of a folder may be used. */
export interface CalibrationStanding {
  readonly good: readonly CalibrationName[];
  readonly missing: readonly CalibrationName[];
  /** Broken, foreign or stale ones, and ones that nobody vouches for. */
  readonly refused: readonly Refusal[];
  /** Those that something may have made wrong; null for none. No policy runs on them, everything else may use them. */
  readonly doubted: { readonly names: readonly CalibrationName[]; readonly refusal: Refusal } | null;
}

/** What a blow may have moved; what gripper and leader report, it does not change. */
const MOVABLE: readonly CalibrationName[] = [
  "camera-front",
  "camera-wrist",
  "hand-eye-front",
  "hand-eye-wrist",
  "table",
  "roles",
];

/** Reads every calibration of a folder; `doubt` is what is known to have happened to the cell. */
export function standingOfCalibrations(
  folder: string,
  expected: Expected,
  doubt: CalibrationDoubt | null = readDoubt(folder),
): CalibrationStanding {
  const reads = CALIBRATION_NAMES.map((name) => ({ name, read: readCalibration(folder, name, expected) }));
  const named = (kind: "good" | "missing"): readonly CalibrationName[] =>
    reads.filter(({ read }) => read.kind === kind).map(({ name }) => name);
  const refused = reads.flatMap(({ read }) => (read.kind === "good" || read.kind === "missing" ? [] : [read]));
  const names = reads.flatMap(({ name, read }) =>
    read.kind === "good" && MOVABLE.includes(name) && isDoubted(doubt, read.calibration.measuredAt) ? [name] : [],
  );
  return {
    good: named("good").filter((name) => !names.includes(name)),
    missing: named("missing"),
    refused,
    doubted: doubt === null || names.length === 0 ? null : { names, refusal: doubtful(names, doubt) },
  };
}

function isDoubted(doubt: CalibrationDoubt | null, measuredAt: string): boolean {
  return doubt !== null && doubt.confirmed === null && Date.parse(measuredAt) <= Date.parse(doubt.since);
}

function doubtful(names: readonly CalibrationName[], { why, since }: CalibrationDoubt): Refusal {
  return {
    reason: `${names.join(", ")}: made before ${why} (${since})`,
    hint:
      "Look whether cameras, table and arm still stand where they did. Then either say so, kinevla calibrate confirm, " +
      "or calibrate them anew",
  };
}

/**
 * Why no policy may move the arm with these calibrations: one of them must not be used or is in doubt (PO-18), or nobody
 * made sure which camera is which (PO-16). null when one may; the others may be missing, since no policy reads them.
 */
export function whyUncalibrated({ missing, refused, doubted }: CalibrationStanding): Refusal | null {
  const first = refused[0] ?? doubted?.refusal;
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
