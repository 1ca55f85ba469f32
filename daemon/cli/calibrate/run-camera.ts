import { solveIntrinsics } from "../../../calibration/intrinsics.js";
import type { CameraRole } from "../../types/frame.js";
import type { ExitCode } from "../exit-code.js";
import { say } from "../print.js";
import type { Sight } from "./sights.js";
import { atStand, type StandOptions, solved } from "./stand.js";

/** 16 gave every lens of the lab within 0.5 %; with fewer it depends on how the board was held. */
const PICTURES = 16;

/** The lens of a camera from pictures of a board that somebody holds before it; nothing moves. */
export function runCalibrateCamera(role: CameraRole, options: StandOptions): Promise<ExitCode> {
  return atStand(options, async (stand) => {
    const camera = stand.cameraId(role);
    const sights: Sight[] = [];
    for (let index = 1; index <= PICTURES; index++) {
      const words = `Picture ${index} of ${PICTURES}: hold the board before the ${role} camera, still and wholly seen, near enough to fill half of the picture; tilt it by 20 to 40 degrees, each time to another side.`;
      if (!(await stand.assistant.place({ kind: "held", role }, words))) {
        break;
      }
      const sight = await stand.sights.board(role, `camera-${role}-${index}`);
      sights.push(...(sight === null ? [] : [sight]));
    }
    const { width = 0, height = 0 } = sights[0] ?? {};
    const views = sights.map(({ corners }) => corners);
    const found = solved(await solveIntrinsics(stand.eye, stand.board, { width, height }, views));
    const path = stand.write(`camera-${role}`, {
      ...{
        ...stand.common,
        kind: "camera",
        role,
        camera,
        intrinsics: { ...found.camera, distortion: [...found.camera.distortion] },
      },
      residual: { pixels: found.rms, pictures: found.pictures },
    });
    const { fx, fy, cx, cy } = found.camera;
    say(`Focal length ${fx.toFixed(1)} x ${fy.toFixed(1)} pixels, middle at ${cx.toFixed(1)}, ${cy.toFixed(1)}.`);
    say(`Residual ${found.rms.toFixed(2)} pixels in ${found.pictures} pictures. Written: ${path}`);
  });
}
