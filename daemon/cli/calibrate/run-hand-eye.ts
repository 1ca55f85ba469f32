import { solveHandEye } from "../../../calibration/hand-eye.js";
import { LOOKED_AT, LOOKING_OFFSETS_DEG } from "../../../calibration/looking-poses.js";
import type { CameraRole } from "../../types/frame.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { say } from "../print.js";
import { located, lookAround, places } from "./look-around.js";
import { atStand, type Stand, type StandOptions, solved } from "./stand.js";

/** In each of the places for the front camera; the wrist camera is found from all of them together. */
const VIEWS_A_PLACE = 5;

/** Where a camera is: the wrist camera on the flange, the front camera before the base, which needs the wrist camera too. */
export function runCalibrateHandEye(role: CameraRole, options: StandOptions): Promise<ExitCode> {
  return atStand(options, (stand) => calibrateHandEye(role, stand));
}

/** The same with a stand. */
export async function calibrateHandEye(role: CameraRole, stand: Stand): Promise<void> {
  const camera = stand.cameraId(role);
  const wristCamera = stand.need("camera-wrist").intrinsics;
  const frontCamera = role === "front" ? stand.need("camera-front").intrinsics : null;
  const once = [{ kind: "flat", turnDeg: 0, away: LOOKED_AT, views: LOOKING_OFFSETS_DEG.length }] as const;
  const around = role === "front" ? places("leaning", VIEWS_A_PLACE) : once;
  const seen = await lookAround(stand, around, role === "front");
  const wrist = await located(stand, seen.wrist, wristCamera);
  const front = frontCamera === null ? [] : await located(stand, seen.front, frontCamera);
  const views = wrist.length + front.length;
  const found = solved(
    solveHandEye({ board: stand.board, wristCamera, frontCamera: frontCamera ?? wristCamera, wrist, front }),
  );
  const pose = role === "front" ? found.front : found.wrist;
  if (pose === null) {
    const hint =
      "Look at its saved pictures: all of the board has to be seen, lit evenly, its squares 5 pixels and more.";
    throw new CliError(EXIT.unfinished, "unseen", "The front camera saw the board nowhere. Nothing was written.", hint);
  }
  const path = stand.write(`hand-eye-${role}`, {
    ...{ ...stand.common, kind: "hand-eye", role, camera, arm: stand.expected.cell.arm },
    pose: { position: [...pose.position], rotation: [...pose.rotation] },
    focalScale: found.focalScale,
    residual: { pixels: found.rms, views },
  });
  const where = pose.position.map((metres) => (1000 * metres).toFixed(1)).join(", ");
  say(`The ${role} camera is at ${where} mm in the frame of the ${role === "front" ? "base" : "flange"}.`);
  say(
    `By the arm's poses the wrist camera's focal length is ${(100 * (found.focalScale - 1)).toFixed(2)} % off its file.`,
  );
  say(`Residual ${found.rms.toFixed(2)} pixels in ${views} views. Written: ${path}`);
}
