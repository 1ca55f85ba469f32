import { changedPart, whyNotThese } from "../../../calibration/roles.js";
import { CAMERA_ROLES, type CameraRole, type Frame } from "../../types/frame.js";
import { jointPosition } from "../../types/units.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { note, say } from "../print.js";
import { atStand, type Stand, type StandOptions } from "./stand.js";
import { thumbnail } from "./thumbnail.js";
import { visit } from "./visit.js";

/** The wrist turns by this to each side, deg; the fingers then move by 4 mm in the front picture. */
const WIGGLE_DEG = 5;
const SHOULD_SEE: Readonly<Record<CameraRole, string>> = {
  front: "the table and the arm from the front",
  wrist: "what is before the gripper",
};

/** Pins front and wrist camera to their devices: somebody looks at both pictures, then the wrist turns. */
export function runCalibrateRoles(options: StandOptions): Promise<ExitCode> {
  return atStand(options, async (stand) => {
    const cameras = { front: stand.cameraId("front"), wrist: stand.cameraId("wrist") };
    for (const role of CAMERA_ROLES) {
      await confirm(stand, role, cameras[role]);
    }
    const cell = await stand.arm(`J7 turns by ${WIGGLE_DEG} degrees to each side`);
    const { home } = stand.config;
    const turned = (deg: number) =>
      jointPosition(home.map((angle, joint) => (joint === 6 ? angle + (deg * Math.PI) / 180 : angle)));
    const seen: Readonly<Record<CameraRole, Frame>>[] = [];
    await visit(stand.assistant, cell, [turned(-WIGGLE_DEG), turned(WIGGLE_DEG)], async () => {
      seen.push(await stand.sights.frames());
    });
    const [before, after] = seen;
    if (before === undefined || after === undefined) {
      throw new Error("two poses gave fewer pictures");
    }
    const change = {
      front: changedPart(before.front.rgb, after.front.rgb),
      wrist: changedPart(before.wrist.rgb, after.wrist.rgb),
    };
    const wrong = whyNotThese(change);
    if (wrong !== null) {
      throw new CliError(EXIT.unfinished, "wrong-cameras", `${wrong.reason}. Nothing was written.`, wrong.hint);
    }
    const path = stand.write("roles", {
      ...{ ...stand.common, kind: "roles", arm: stand.expected.cell.arm, cameras, residual: change },
    });
    say(`Front ${cameras.front}, wrist ${cameras.wrist}.`);
    const [front, wrist] = [change.front, change.wrist].map((part) => (100 * part).toFixed(0));
    say(
      `When the wrist turned, ${front} % of the front picture changed and ${wrist} % of the wrist picture. Written: ${path}`,
    );
  });
}

/** Shows what a camera sees, as a file and in colours at a terminal, and asks whether that is right. */
async function confirm(stand: Stand, role: CameraRole, id: string): Promise<void> {
  const { file } = await stand.sights.picture(role, `roles-${role}`);
  note(`${role} camera, ${id}: ${file}`);
  if (process.stderr.isTTY) {
    const { rgb, width } = (await stand.sights.frames())[role];
    process.stderr.write(thumbnail(rgb, width));
  }
  if (!(await stand.assistant.confirm(`Does it show ${SHOULD_SEE[role]}, the right way up?`))) {
    const hint = `Set cameras.${role} to the right device, then begin anew: ls -l /dev/v4l/by-id`;
    throw new CliError(EXIT.unfinished, "wrong-camera", `${id} is not the ${role} camera. Nothing was written.`, hint);
  }
}
