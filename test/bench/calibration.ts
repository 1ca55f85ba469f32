import { readCalibration } from "../../calibration/files.js";
import { apart } from "../../calibration/rigid.js";
import { runCalibrateCamera } from "../../daemon/cli/calibrate/run-camera.js";
import { runCalibrateGripper } from "../../daemon/cli/calibrate/run-gripper.js";
import { runCalibrateHandEye } from "../../daemon/cli/calibrate/run-hand-eye.js";
import { runCalibrateRoles } from "../../daemon/cli/calibrate/run-roles.js";
import { runCalibrateTable } from "../../daemon/cli/calibrate/run-table.js";
import { expectedCalibrations } from "../../daemon/composition/expected-calibrations.js";
import { loadConfig } from "../../daemon/config/config.js";
import { CAMERA_ROLES, type CameraRole } from "../../daemon/types/frame.js";
import { startVirtualCell, trueCamera, trueFocalLength, type VirtualCell } from "../calibration/virtual-cell.js";

const DEGREE = Math.PI / 180;

/** What a tool found, how far that is from the truth, and how long it took. */
export type CalibrationFigures = Readonly<Record<string, number | string>>;

/** Calibrates a virtual cell with cameras drawn from a seed, all of it as a person would, and tells how far off each is. */
export async function benchCalibration(
  seed: number,
  realTime: boolean,
  tell: (figures: CalibrationFigures) => void,
): Promise<void> {
  const cell = await startVirtualCell(seed, realTime);
  const { options } = cell;
  const timed = async (what: string, run: () => Promise<unknown>, compare: () => CalibrationFigures): Promise<void> => {
    const startedAt = performance.now();
    const failure = await run().then(
      () => null,
      (error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }),
    );
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    tell({ what, seed, ...(failure ?? compare()), seconds });
  };
  try {
    for (const role of CAMERA_ROLES) {
      await timed(
        `camera ${role}`,
        () => runCalibrateCamera(role, options),
        () => lens(cell, role),
      );
    }
    for (const role of ["wrist", "front"] as const) {
      await timed(
        `hand-eye ${role}`,
        () => runCalibrateHandEye(role, options),
        () => place(cell, role),
      );
    }
    await timed(
      "table",
      () => runCalibrateTable({ ...options, thickness: 3 }),
      () => tableOf(cell),
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

function good<Name extends Parameters<typeof readCalibration>[1]>(cell: VirtualCell, name: Name) {
  const config = loadConfig(cell.options.config);
  const expected = expectedCalibrations(config, { arm: "VIRTUAL-1", max_age_days: 1 }, Date.now());
  const read = readCalibration(cell.folder, name, expected);
  if (read.kind !== "good") {
    throw new Error(read.reason);
  }
  return read.calibration;
}

function lens(cell: VirtualCell, role: CameraRole): CalibrationFigures {
  const { intrinsics, residual } = good(cell, `camera-${role}`);
  const focal = trueFocalLength(specOf(cell, role));
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

function place(cell: VirtualCell, role: CameraRole): CalibrationFigures {
  const { pose, residual } = good(cell, `hand-eye-${role}`);
  const { distance, angle } = apart(pose, trueCamera(role, specOf(cell, role)));
  return {
    ...{ "off by mm": rounded(1000 * distance), "off by deg": rounded(angle / DEGREE) },
    ...{ "residual pixels": rounded(residual.pixels), views: residual.views },
  };
}

/** The lab's table is the plane z = 0. */
function tableOf(cell: VirtualCell): CalibrationFigures {
  const { normal, height, residual } = good(cell, "table");
  return {
    ...{ "height off by mm": rounded(1000 * height), "tilt deg": rounded(Math.acos(normal[2]) / DEGREE) },
    ...{ "residual mm": rounded(1000 * residual.metres), points: residual.points },
  };
}

function specOf({ scene }: VirtualCell, role: CameraRole) {
  return role === "front" ? scene.frontCamera : scene.wristCamera;
}

function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
