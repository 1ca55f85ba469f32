import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Trust } from "../daemon/ports/trust.js";

// Interlocks: PO-18, OP-10.

const finite = z.number();
const triple = z.tuple([finite, finite, finite]);
const pose = z.strictObject({
  position: triple,
  rotation: z.tuple([finite, finite, finite, finite, finite, finite, finite, finite, finite]),
});
const role = z.enum(["front", "wrist"]);
const serial = z.string().min(1);
const common = { format: z.literal("kinevla-calibration-1"), measuredAt: z.iso.datetime(), by: z.string().min(1) };

const intrinsics = z.strictObject({
  ...common,
  kind: z.literal("camera"),
  role,
  camera: serial,
  intrinsics: z.strictObject({
    width: z.int().positive(),
    height: z.int().positive(),
    fx: z.number().positive(),
    fy: z.number().positive(),
    cx: finite,
    cy: finite,
    distortion: z.tuple([finite, finite, finite, finite, finite]),
  }),
  residual: z.strictObject({ pixels: z.number().nonnegative(), pictures: z.int() }),
});

const handEye = z.strictObject({
  ...common,
  kind: z.literal("hand-eye"),
  role,
  camera: serial,
  arm: serial,
  /** Of the wrist camera in the flange's frame, of the front camera in the base frame. */
  pose,
  /** The wrist camera's focal length against that of its lens file, as the arm's poses tell it; belongs to the pose. */
  focalScale: z.number().positive(),
  residual: z.strictObject({ pixels: z.number().nonnegative(), views: z.int() }),
});

const table = z.strictObject({
  ...common,
  kind: z.literal("table"),
  arm: serial,
  /** Upwards, base frame. */
  normal: triple,
  /** Of the table along that normal from the base's origin, m. */
  height: finite,
  residual: z.strictObject({ metres: z.number().nonnegative(), points: z.int() }),
});

const puppet = z.strictObject({
  ...common,
  kind: z.literal("puppet"),
  arm: serial,
  calibration: z.strictObject({
    puppet: z.strictObject({
      kind: z.enum(["realman-leader", "dynamixel-leader"]),
      serial,
      joints: z.int().positive(),
    }),
    joints: z.array(
      z.strictObject({
        sign: z.union([z.literal(1), z.literal(-1)]),
        zero: finite,
        scale: z.number().positive(),
      }),
    ),
    gripper: z.strictObject({ closed: finite, open: finite }),
  }),
  residual: z.strictObject({ rad: z.number().nonnegative(), poses: z.int() }),
});

const gripper = z.strictObject({
  ...common,
  kind: z.literal("gripper"),
  arm: serial,
  /** As the gripper reports them. */
  closed: finite,
  open: finite,
  residual: z.strictObject({ spread: z.number().nonnegative(), strokes: z.int() }),
});

const roles = z.strictObject({
  ...common,
  kind: z.literal("roles"),
  arm: serial,
  cameras: z.strictObject({ front: serial, wrist: serial }),
  /** Part of each picture that changed when the arm's wrist moved. */
  residual: z.strictObject({ front: finite, wrist: finite }),
});

const calibrationFile = z.discriminatedUnion("kind", [intrinsics, handEye, table, puppet, gripper, roles]);

/** One calibration as it stands in a file. */
export type Calibration = z.infer<typeof calibrationFile>;
type CalibrationKind = Calibration["kind"];
/** The calibration of a kind. */
export type CalibrationOf<Kind extends CalibrationKind> = Extract<Calibration, { readonly kind: Kind }>;

/** Each file of the folder, and what to do where there is none that may be used. */
export const FILES = {
  "camera-front": { kind: "camera", hint: "Calibrate it: kinevla calibrate camera front" },
  "camera-wrist": { kind: "camera", hint: "Calibrate it: kinevla calibrate camera wrist" },
  "hand-eye-front": { kind: "hand-eye", hint: "Calibrate it: kinevla calibrate hand-eye front" },
  "hand-eye-wrist": { kind: "hand-eye", hint: "Calibrate it: kinevla calibrate hand-eye wrist" },
  table: { kind: "table", hint: "Calibrate it: kinevla calibrate table" },
  puppet: { kind: "puppet", hint: "Calibrate it: kinevla calibrate puppet" },
  gripper: { kind: "gripper", hint: "Calibrate it: kinevla calibrate gripper" },
  roles: { kind: "roles", hint: "Calibrate them: kinevla calibrate roles" },
} as const;
export type CalibrationName = keyof typeof FILES;
export const CALIBRATION_NAMES = [
  "camera-front",
  "camera-wrist",
  "hand-eye-front",
  "hand-eye-wrist",
  "table",
  "puppet",
  "gripper",
  "roles",
] as const;

/** What the calibrated things are in this cell; what is not known is left out and not compared. */
export interface Cell {
  readonly arm: string;
  /** null for a camera that is not there at present. */
  readonly cameras: { readonly front: string | null; readonly wrist: string | null };
  readonly puppet?: string;
}

/** What is asked of a file besides its form. */
export interface Expected {
  readonly cell: Cell;
  /** Wall time, ms since 1970. */
  readonly wallTime: number;
  readonly maxAgeDays: number;
  /** Who has to vouch for it. */
  readonly trust: Trust;
}

/** A calibration that may be used, or why there is none. */
export type Read<Name extends CalibrationName = CalibrationName> =
  | { readonly kind: "good"; readonly calibration: CalibrationIn<Name> }
  | {
      readonly kind: "missing" | "untrusted" | "broken" | "foreign" | "stale";
      readonly reason: string;
      readonly hint: string;
    };

const DAY_MS = 86_400_000;

/** The file of a calibration. */
export function calibrationPath(folder: string, name: CalibrationName): string {
  return join(folder, `${name}.json`);
}

/** The calibration in the text of a file, or why it holds none. */
export function parseCalibration(text: string): Calibration | string {
  try {
    const parsed = calibrationFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Reads one calibration; everything that uses one reads it here, so a stale or foreign file is used by nobody. */
export function readCalibration<Name extends CalibrationName>(
  folder: string,
  name: Name,
  { cell, wallTime, maxAgeDays, trust }: Expected,
): Read<Name> {
  const path = calibrationPath(folder, name);
  const { hint } = FILES[name];
  if (!existsSync(path)) {
    return { kind: "missing", reason: `there is no ${path}`, hint };
  }
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return { kind: "broken", reason: `${path}: ${String(error)}`, hint };
  }
  const doubt = trust.doubt("calibration", path, bytes);
  if (doubt !== null) {
    return { kind: "untrusted", ...doubt };
  }
  const calibration = parseCalibration(bytes.toString("utf8"));
  if (typeof calibration === "string") {
    return { kind: "broken", reason: `${path}: ${calibration}`, hint };
  }
  const { kind, measuredAt } = calibration;
  const foreign = foreignness(calibration, name, cell);
  if (!isOf(calibration, name)) {
    return { kind: "broken", reason: `${path} holds a calibration of kind ${kind}`, hint };
  }
  if (foreign !== null) {
    return { kind: "foreign", reason: `${path} is of ${foreign}`, hint };
  }
  const ageDays = (wallTime - Date.parse(measuredAt)) / DAY_MS;
  if (ageDays < -1) {
    return { kind: "broken", reason: `${path} was measured in the future (${measuredAt})`, hint };
  }
  if (ageDays > maxAgeDays) {
    return { kind: "stale", reason: `${path} is ${Math.floor(ageDays)} days old, ${maxAgeDays} at most`, hint };
  }
  return { kind: "good", calibration };
}

type CalibrationIn<Name extends CalibrationName> = CalibrationOf<(typeof FILES)[Name]["kind"]>;

function isOf<Name extends CalibrationName>(of: Calibration, name: Name): of is CalibrationIn<Name> {
  return of.kind === FILES[name].kind;
}

/** Whose it is where it is not this cell's, in words; null where it is. */
function foreignness(of: Calibration, name: CalibrationName, cell: Cell): string | null {
  if ("arm" in of && of.arm !== cell.arm) {
    return `arm ${of.arm}; this one is ${cell.arm}`;
  }
  if (of.kind === "camera" || of.kind === "hand-eye") {
    const wanted = name.endsWith("front") ? "front" : "wrist";
    return of.role !== wanted ? `the ${of.role} camera` : cameraForeignness(of.camera, wanted, cell);
  }
  if (of.kind === "roles") {
    return cameraForeignness(of.cameras.front, "front", cell) ?? cameraForeignness(of.cameras.wrist, "wrist", cell);
  }
  if (of.kind === "puppet" && cell.puppet !== undefined && of.calibration.puppet.serial !== cell.puppet) {
    return `leader ${of.calibration.puppet.serial}; this one is ${cell.puppet}`;
  }
  return null;
}

function cameraForeignness(camera: string, wanted: "front" | "wrist", { cameras }: Cell): string | null {
  const present = cameras[wanted];
  return present === null || present === camera ? null : `${camera} as the ${wanted} camera; it is ${present} here`;
}

/** Writes a calibration in place of the one before, which stays beside it as `.before.json` with its signature; gives the file's path. */
export function writeCalibration(folder: string, name: CalibrationName, calibration: Calibration): string {
  calibrationFile.parse(calibration);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const path = calibrationPath(folder, name);
  const fresh = `${path}.new`;
  writeFileSync(fresh, `${JSON.stringify(calibration, null, 2)}\n`);
  const before = join(folder, `${name}.before.json`);
  for (const [from, to] of [
    [path, before],
    [`${path}.sig`, `${before}.sig`],
  ] as const) {
    if (existsSync(from)) {
      renameSync(from, to);
    } else {
      rmSync(to, { force: true });
    }
  }
  renameSync(fresh, path);
  return path;
}
