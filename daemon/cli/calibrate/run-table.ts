import { withFocal } from "../../../calibration/project.js";
import { compose } from "../../../calibration/rigid.js";
import { solveTable } from "../../../calibration/table.js";
import type { ExitCode } from "../exit-code.js";
import { say } from "../print.js";
import { located, lookAround, places } from "./look-around.js";
import { atStand, type Stand, type StandOptions, solved } from "./stand.js";

/** In each place; each tells the plane under the board by itself. */
const VIEWS_A_PLACE = 4;

/** The table's plane from boards that lie on it, seen by the calibrated wrist camera. */
export function runCalibrateTable(options: StandOptions & { readonly thickness: number }): Promise<ExitCode> {
  return atStand(options, (stand) => calibrateTable(options.thickness, stand));
}

/** The same with a stand; `thickness` of the board in mm. */
export async function calibrateTable(thickness: number, stand: Stand): Promise<void> {
  const lens = stand.need("camera-wrist").intrinsics;
  const { pose, focalScale } = stand.need("hand-eye-wrist");
  const wrist = withFocal(lens, focalScale);
  const seen = await lookAround(stand, places("flat", VIEWS_A_PLACE), false);
  const boards = (await located(stand, seen.wrist, wrist)).map(({ flange, board }) =>
    compose(flange, compose(pose, board)),
  );
  const { normal, height, rms } = solved(solveTable(stand.board, thickness / 1000, boards));
  const path = stand.write("table", {
    ...{ ...stand.common, kind: "table", arm: stand.expected.cell.arm, normal: [...normal], height },
    residual: { metres: rms, points: boards.length * stand.board.columns * stand.board.rows },
  });
  const tilt = (Math.acos(normal[2]) * 180) / Math.PI;
  say(
    `The table is ${(1000 * height).toFixed(1)} mm above the base's origin and tilted by ${tilt.toFixed(2)} degrees.`,
  );
  say(`Residual ${(1000 * rms).toFixed(1)} mm in ${boards.length} views. Written: ${path}`);
}
