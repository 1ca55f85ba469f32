import { type JointPosition, jointPosition } from "../../daemon/types/units.js";
import type { LinkGeometry, SoftwareInfo } from "./codec.js";

// Interlocks: AR-07, AR-18.

const DEGREE = Math.PI / 180;

/** What an arm must report of itself before it may be moved. */
export interface ArmDescription {
  readonly models: readonly string[];
  readonly generations: readonly number[];
  /** Accepted beginnings of the firmware version. */
  readonly firmware: readonly string[];
  readonly minimum: JointPosition;
  readonly maximum: JointPosition;
  /** rad/s, J1 to J7 */
  readonly maximumSpeed: readonly number[];
  readonly links: readonly LinkGeometry[];
  /** Collision detection of the arm itself is at least this sensitive, 0 (off) to 8. */
  readonly leastCollisionStage: number;
  /** Which of these arms may be used; null for every one. */
  readonly allowed: AllowedArms;
}

/** Arms and firmware that somebody looked at. */
export interface AllowedArms {
  /** Whole versions of the firmware; null for every one. */
  readonly firmware: readonly string[] | null;
  /**
   * Controllers by the hardware address of their wired interface, in lower case; null for every one. The protocol tells no
   * serial number of the arm.
   */
  readonly controllers: readonly string[] | null;
}

/** What an arm did report. */
export interface ArmReadBack {
  readonly software: SoftwareInfo;
  readonly minimum: JointPosition;
  readonly maximum: JointPosition;
  readonly maximumSpeed: readonly number[];
  readonly links: readonly LinkGeometry[];
  readonly collisionStage: number;
  /** Of the controller; null where nobody asked. */
  readonly hardwareAddress: string | null;
}

/** The first difference between an arm and its description, ready for a message. */
export interface Mismatch {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/** RM75-B by the vendor's parameter page, generation 3, on the two firmware lines whose messages are known. */
export const RM75_B: ArmDescription = {
  models: ["RM75-B", "RM75-BI"],
  generations: [3],
  firmware: ["1.6.", "1.7."],
  minimum: jointPosition([-178, -130, -178, -135, -178, -128, -360].map((angle) => angle * DEGREE)),
  maximum: jointPosition([178, 130, 178, 135, 178, 128, 360].map((angle) => angle * DEGREE)),
  maximumSpeed: [180, 180, 225, 225, 225, 225, 225].map((speed) => speed * DEGREE),
  links: [
    [0, 0.2405],
    [-90, 0],
    [90, 0.256],
    [-90, 0],
    [90, 0.21],
    [-90, 0],
    [90, 0.144],
  ].map(([alpha = 0, d = 0]) => ({ alpha: alpha * DEGREE, a: 0, d, offset: 0 })),
  leastCollisionStage: 4,
  allowed: { firmware: null, controllers: null },
};

/** Read-back is exact but for rounding to the units of the wire. */
const ANGLE_TOLERANCE = 0.01 * DEGREE;
const SPEED_TOLERANCE = 0.1 * DEGREE;
/** Calibrated arms report link lengths that differ from the drawing; 1 mm is far below any other arm's. */
const LENGTH_TOLERANCE = 0.001;
const CALIBRATION_TOLERANCE = 0.5 * DEGREE;

/** Compares an arm with its description; null when nothing differs. */
export function firstMismatch(expected: ArmDescription, found: ArmReadBack): Mismatch | null {
  const { model, generation, firmware } = found.software;
  return (
    (expected.models.includes(model) ? null : mismatch("model", expected.models.join(" or "), model)) ??
    (expected.generations.includes(generation)
      ? null
      : mismatch("controller generation", expected.generations.join(" or "), generation)) ??
    (expected.firmware.some((start) => firmware.startsWith(start))
      ? null
      : mismatch("firmware", `${expected.firmware.join("x or ")}x`, firmware)) ??
    unlisted("firmware", expected.allowed.firmware, firmware) ??
    unlisted("controller", expected.allowed.controllers, found.hardwareAddress) ??
    differing("minimum of J", "deg", expected.minimum, found.minimum, ANGLE_TOLERANCE, DEGREE) ??
    differing("maximum of J", "deg", expected.maximum, found.maximum, ANGLE_TOLERANCE, DEGREE) ??
    differing("maximum speed of J", "deg/s", expected.maximumSpeed, found.maximumSpeed, SPEED_TOLERANCE, DEGREE) ??
    link("DH alpha of J", "deg", "alpha", CALIBRATION_TOLERANCE, DEGREE, expected, found) ??
    link("DH a of J", "mm", "a", LENGTH_TOLERANCE, 0.001, expected, found) ??
    link("DH d of J", "mm", "d", LENGTH_TOLERANCE, 0.001, expected, found) ??
    link("DH offset of J", "deg", "offset", CALIBRATION_TOLERANCE, DEGREE, expected, found) ??
    collisionMismatch(expected, found.collisionStage)
  );
}

/** Whether the arm's own detection of collisions is too dull; null when it is not. */
export function collisionMismatch({ leastCollisionStage }: ArmDescription, found: number): Mismatch | null {
  return found >= leastCollisionStage ? null : mismatch("collision stage", `${leastCollisionStage} or more`, found);
}

/** A difference in words. */
export function inWords({ field, expected, found }: Mismatch): string {
  return `the arm's ${field} is ${found}, not ${expected}`;
}

function unlisted(field: string, allowed: readonly string[] | null, found: string | null): Mismatch | null {
  return allowed === null || (found !== null && allowed.includes(found))
    ? null
    : mismatch(field, `${allowed.join(" or ")} (arm.allowed in the configuration)`, found ?? "unknown");
}

function link(
  field: string,
  unit: string,
  key: keyof LinkGeometry,
  tolerance: number,
  scale: number,
  expected: ArmDescription,
  found: ArmReadBack,
): Mismatch | null {
  const [wanted, given] = [expected.links, found.links].map((rows) => rows.map((row) => row[key]));
  return differing(field, unit, wanted ?? [], given ?? [], tolerance, scale);
}

function differing(
  field: string,
  unit: string,
  expected: readonly number[],
  found: readonly number[],
  tolerance: number,
  scale: number,
): Mismatch | null {
  for (const [i, wanted] of expected.entries()) {
    const given = found[i] ?? Number.NaN;
    if (!(Math.abs(given - wanted) <= tolerance)) {
      const text = (value: number) => `${(value / scale).toFixed(2)} ${unit}`;
      return mismatch(`${field}${i + 1}`, text(wanted), text(given));
    }
  }
  return null;
}

function mismatch(field: string, expected: string, found: string | number): Mismatch {
  return { field, expected, found: String(found) };
}
