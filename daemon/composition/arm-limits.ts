import { readCalibration } from "../../calibration/files.js";
import type { Config } from "../config/config.js";
import { loadLimits } from "../config/limits-file.js";
import type { Vector3 } from "../motion/kinematics.js";
import { type TablePlane, withTablePlane } from "../motion/placement.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import { expectedCalibrations } from "./expected-calibrations.js";

// Interlocks: ML-10.

/** Limits of the cell, and what of its calibrations does not count for them. */
export interface ArmLimitsOf {
  readonly limits: ArmLimits;
  /** Why the table's calibration is not used, in words; null where it is, or there is none. */
  readonly unused: string | null;
}

/** A table that leans more than this is none that things stay on; the base does not stand level, or the file is wrong. */
const MOST_TILT = (10 * Math.PI) / 180;
/** Of the normal's length. */
const ROUNDING = 1e-6;

/**
 * The limits of a configured cell, with the table's plane where it was calibrated: it raises the table where it lies
 * above the height in the limits, and never lowers it. `wallTime` in ms since 1970. Throws ConfigError.
 */
export function armLimits(config: Config, wallTime: number): ArmLimitsOf {
  const limits = loadLimits(config);
  const { calibration } = config;
  if (calibration === undefined) {
    return { limits, unused: null };
  }
  const read = readCalibration(calibration.directory, "table", expectedCalibrations(config, calibration, wallTime));
  if (read.kind !== "good") {
    return { limits, unused: read.kind === "missing" ? null : `${read.reason}. ${read.hint}` };
  }
  const plane = planeOf(read.calibration);
  return plane === null
    ? { limits, unused: "the table of its calibration is no table: its normal is not upright. kinevla calibrate table" }
    : { limits: { ...limits, cell: withTablePlane(limits.cell, plane) }, unused: null };
}

/** The plane as it is checked against; null for one whose normal is no upright direction. */
function planeOf({ normal, height }: { readonly normal: Vector3; readonly height: number }): TablePlane | null {
  const isUnit = Math.abs(Math.hypot(...normal) - 1) <= ROUNDING;
  return isUnit && normal[2] >= Math.cos(MOST_TILT) ? { normal, height } : null;
}
