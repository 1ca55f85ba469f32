import { type JointPosition, jointPosition } from "../../daemon/types/units.js";
import { MILLI_DEGREE } from "./joint-target.js";
import { isIntegerIn, isIntegerList, type JsonObject } from "./json-object.js";

/** J1 to J7 turn at most twice around. */
const MILLI_DEG_RANGE = 720_000;

/** True for seven joint angles as they stand on the wire, in 0.001 degrees. */
export function isJointList(value: unknown): value is readonly number[] {
  return isIntegerList(value, 7, -MILLI_DEG_RANGE, MILLI_DEG_RANGE);
}

/** Joint angles of the wire in rad. */
export function toPosition(milliDeg: readonly number[]): JointPosition {
  return jointPosition(milliDeg.map((value) => value * MILLI_DEGREE));
}

/** Non-zero codes of all error fields that are there; null when none is, or one is malformed. */
export function errorCodes({ err, arm_err: armError, sys_err: systemError }: JsonObject): readonly number[] | null {
  const codes: number[] = [];
  for (const scalar of [armError, systemError]) {
    if (scalar !== undefined && !isIntegerIn(scalar, 0, 0xffff)) {
      return null;
    }
    codes.push(...(scalar === undefined ? [] : [scalar]));
  }
  if (err !== undefined) {
    if (!Array.isArray(err) || !isIntegerList(err, err.length, 0, 0xffff)) {
      return null;
    }
    codes.push(...err);
  }
  const missing = err === undefined && (armError === undefined || systemError === undefined);
  return missing ? null : [...new Set(codes.filter((code) => code !== 0))];
}
