import { solveIntrinsics } from "../../../calibration/intrinsics.js";
import { LOOKING_OFFSETS_DEG } from "../../../calibration/looking-poses.js";
import type { CameraRole } from "../../types/frame.js";
import type { ExitCode } from "../exit-code.js";
import { say } from "../print.js";
import { lookAround, places } from "./look-around.js";
import type { Sight } from "./sights.js";
import { atStand, type Stand, type StandOptions, solved } from "./stand.js";

/** 16 gave the front lens of the lab within 0.5 %; with fewer it depends on how the board was held. */
const PICTURES = 16;
/** From one place alone the lens is found within 1 %, from four within 0.5 %. */
const PLACES = 3;

/**
 * The lens of a camera from pictures of a board: somebody holds it before the front camera and nothing moves; the wrist camera,
 * before which the fingers leave no room for that, looks at it on the table from all sides.
 */
export function runCalibrateCamera(role: CameraRole, options: StandOptions): Promise<ExitCode> {
  return atStand(options, (stand) => calibrateCamera(role, stand));
}

/** The same with a stand. */
export async function calibrateCamera(role: CameraRole, stand: Stand): Promise<void> {
  const camera = stand.cameraId(role);
  const sights = role === "front" ? await heldBefore(stand) : await onTheTable(stand);
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
}

async function heldBefore(stand: Stand): Promise<readonly Sight[]> {
  const sights: Sight[] = [];
  for (let index = 1; index <= PICTURES; index++) {
    const words = `Picture ${index} of ${PICTURES}: hold the board before the front camera, still and wholly seen, near enough to fill half of the picture; tilt it by 20 to 40 degrees, each time to another side.`;
    if (!(await stand.assistant.place({ kind: "held" }, words))) {
      break;
    }
    const sight = await stand.sights.board("front", `camera-front-${index}`);
    sights.push(...(sight === null ? [] : [sight]));
  }
  return sights;
}

async function onTheTable(stand: Stand): Promise<readonly Sight[]> {
  const around = places("flat", LOOKING_OFFSETS_DEG.length).slice(0, PLACES);
  return (await lookAround(stand, around, false)).wrist.map(({ sight }) => sight);
}
