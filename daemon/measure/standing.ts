import type { Seconds } from "../types/units.js";
import type { Evidence } from "./evidence.js";
import type { Found } from "./evidence-folder.js";

/**
 * Without these no policy may move an arm: how it ends (H-1, H-2, H-5), whether the guardian can stop it (H-4), whether its
 * state can be trusted (H-7), and how it comes up (H-13).
 */
export const NEEDED = ["H-1", "H-2", "H-4", "H-5", "H-7", "H-13"] as const;

/** Measured anew at least this often: the vendor asks for a yearly check of whatever keeps people safe. */
export const VALID_FOR: Seconds = 365 * 24 * 3600;

/** How an arm stands with its measurements. */
export interface Standing {
  /** Serial number and firmware that all of it was measured on; null where nothing valid was. */
  readonly arm: Evidence["arm"] | null;
  /** The newest valid evidence of each measurement. */
  readonly valid: ReadonlyMap<string, Evidence>;
  /** What is needed and not there, each with why. */
  readonly missing: readonly string[];
}

/**
 * Judges the evidence of one arm at a wall time (s since 1970). It belongs to the arm that was measured last; what was
 * measured on another one, on another firmware, in the virtual lab, or too long ago, does not count.
 */
export function standingOf(found: readonly Found[], wallTime: Seconds): Standing {
  const real = found.flatMap((one) => (one.kind === "evidence" && !one.evidence.virtual ? [one.evidence] : []));
  const arm = real.at(-1)?.arm ?? null;
  const valid = new Map<string, Evidence>();
  for (const evidence of real) {
    const same = evidence.arm.serial === arm?.serial && evidence.arm.firmware === arm.firmware;
    const fresh = wallTime - Date.parse(evidence.measuredAt) / 1000 <= VALID_FOR;
    if (same && fresh && evidence.outcome !== "not-measured") {
      valid.set(evidence.id, evidence);
    }
  }
  const missing = NEEDED.flatMap((id) => {
    const evidence = valid.get(id);
    if (evidence === undefined) {
      return [`${id} was not measured on this arm and firmware within a year`];
    }
    return evidence.outcome === "differs" ? [`${id} found otherwise than assumed: ${evidence.words}`] : [];
  });
  return { arm, valid, missing };
}
