import { type CalibrationName, type CalibrationOf, readCalibration } from "../../calibration/files.js";
import { apart } from "../../calibration/rigid.js";
import { calibrateCamera, runCalibrateCamera } from "../../daemon/cli/calibrate/run-camera.js";
import { runCalibrateGripper } from "../../daemon/cli/calibrate/run-gripper.js";
import { calibrateHandEye, runCalibrateHandEye } from "../../daemon/cli/calibrate/run-hand-eye.js";
import { runCalibrateRoles } from "../../daemon/cli/calibrate/run-roles.js";
import { calibrateTable, runCalibrateTable } from "../../daemon/cli/calibrate/run-table.js";
import { CliError, EXIT } from "../../daemon/cli/exit-code.js";
import { expectedCalibrations } from "../../daemon/composition/expected-calibrations.js";
import { loadConfig } from "../../daemon/config/config.js";
import { CAMERA_ROLES, type CameraRole } from "../../daemon/types/frame.js";
import type { CameraSpec, SceneSpec } from "../../drivers/virtual-lab/scene/scene-spec.js";
import { FilmedStand } from "../calibration/filmed-stand.js";
import { startVirtualCell, trueCamera, trueFocalLength, type VirtualCell } from "../calibration/virtual-cell.js";

const DEGREE = Math.PI / 180;

/** What a tool found, how far that is from the truth, and how long it took. */
export type CalibrationFigures = Readonly<Record<string, number | string>>;

/**
 * Calibrates a virtual cell whose cameras are drawn from a seed, all of it as a person would, and tells how far off each is.
 * Filmed at rest pose by pose, so that the figures depend on no clock; `live` with the real arm process and cameras instead.
 */
export async function benchCalibration(
  seed: number,
  live: { readonly realTime: boolean } | null,
  tell: (figures: CalibrationFigures) => void,
): Promise<void> {
  const timed = async (what: string, run: () => Promise<unknown>, compare: () => CalibrationFigures): Promise<void> => {
    const startedAt = performance.now();
    const failure = await run().then(
      (exitCode) => {
        if (exitCode === EXIT.interrupted) {
          throw new CliError(
            EXIT.interrupted,
            "interrupted",
            "Ended by a signal.",
            "What was measured until then is printed.",
          );
        }
        return null;
      },
      (error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }),
    );
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    tell({ what, seed, ...(failure ?? compare()), seconds });
  };
  if (live !== null) {
    await benchLive(await startVirtualCell(seed, live.realTime), timed);
    return;
  }
  const stand = await FilmedStand.open(seed);
  const { scene } = stand;
  try {
    for (const role of CAMERA_ROLES) {
      await timed(
        `camera ${role}`,
        () => calibrateCamera(role, stand),
        () => lens(stand.need(`camera-${role}`), specOf(scene, role)),
      );
    }
    for (const role of ["wrist", "front"] as const) {
      await timed(
        `hand-eye ${role}`,
        () => calibrateHandEye(role, stand),
        () => place(stand.need(`hand-eye-${role}`), specOf(scene, role)),
      );
    }
    await timed(
      "table",
      () => calibrateTable(3, stand),
      () => plane(stand.need("table")),
    );
  } finally {
    await stand.close();
  }
}

type Timed = (what: string, run: () => Promise<unknown>, compare: () => CalibrationFigures) => Promise<void>;

async function benchLive(cell: VirtualCell, timed: Timed): Promise<void> {
  const { options, scene } = cell;
  try {
    for (const role of CAMERA_ROLES) {
      await timed(
        `camera ${role}`,
        () => runCalibrateCamera(role, options),
        () => lens(good(cell, `camera-${role}`), specOf(scene, role)),
      );
    }
    for (const role of ["wrist", "front"] as const) {
      await timed(
        `hand-eye ${role}`,
        () => runCalibrateHandEye(role, options),
        () => place(good(cell, `hand-eye-${role}`), specOf(scene, role)),
      );
    }
    await timed(
      "table",
      () => runCalibrateTable({ ...options, thickness: 3 }),
      () => plane(good(cell, "table")),
    );
    await timed(
      "gripper",
      () => runCalibrateGripper(options),
      () => {
        const { closed, open } = good(cell, "gripper");
        return { closed, open };
      },
    );
    await timed(
      "roles",
      () => runCalibrateRoles(options),
      () => good(cell, "roles").residual,
    );
  } finally {
    await cell.close();
  }
}

function good<Name extends CalibrationName>(cell: VirtualCell, name: Name) {
  const config = loadConfig(cell.options.config);
  const expected = expectedCalibrations(config, { arm: "VIRTUAL-1", max_age_days: 1 }, Date.now());
  const read = readCalibration(cell.folder, name, expected);
  if (read.kind !== "good") {
    throw new Error(read.reason);
  }
  return read.calibration;
}

/** How far a lens is from the truth. */
export function lens({ intrinsics, residual }: CalibrationOf<"camera">, spec: CameraSpec) {
  const focal = trueFocalLength(spec);
  const percent = (value: number): number => rounded((value / focal - 1) * 100);
  // The middle of the first pixel is 0, 0.
  const middle = Math.hypot(intrinsics.cx - 127.5, intrinsics.cy - 127.5);
  return {
    ...{ "fx off by %": percent(intrinsics.fx), "fy off by %": percent(intrinsics.fy) },
    ...{
      "middle off by pixels": rounded(middle),
      "residual pixels": rounded(residual.pixels),
      views: residual.pictures,
    },
  };
}

/** How far a camera's pose is from the truth. */
export function place({ role, pose, residual }: CalibrationOf<"hand-eye">, spec: CameraSpec) {
  const { distance, angle } = apart(pose, trueCamera(role, spec));
  return {
    ...{ "off by mm": rounded(1000 * distance), "off by deg": rounded(angle / DEGREE) },
    ...{ "residual pixels": rounded(residual.pixels), views: residual.views },
  };
}

/** How far a plane is from the lab's table, z = 0. */
export function plane({ normal, height, residual }: CalibrationOf<"table">) {
  return {
    ...{ "height off by mm": rounded(1000 * height), "tilt deg": rounded(Math.acos(normal[2]) / DEGREE) },
    ...{ "residual mm": rounded(1000 * residual.metres), points: residual.points },
  };
}

function specOf(scene: SceneSpec, role: CameraRole): CameraSpec {
  return role === "front" ? scene.frontCamera : scene.wristCamera;
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
