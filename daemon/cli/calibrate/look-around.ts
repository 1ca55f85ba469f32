import type { FrontView, WristView } from "../../../calibration/hand-eye.js";
import { LOOKED_AT, LOOKING_OFFSETS_DEG } from "../../../calibration/looking-poses.js";
import { poseOf } from "../../../calibration/rigid.js";
import { flangePose } from "../../motion/kinematics.js";
import type { Intrinsics, RigidPose } from "../../types/board.js";
import { type JointPosition, jointAt, jointPosition } from "../../types/units.js";
import { note } from "../print.js";
import type { Sight } from "./sights.js";
import type { Stand } from "./stand.js";
import { visit } from "./visit.js";

const DEGREE = Math.PI / 180;

/** Where the board is laid, and from how many poses it is looked at there. */
export interface Place {
  readonly kind: "flat" | "leaning";
  /** J1 towards it, deg, positive to the arm's left. */
  readonly turnDeg: number;
  /** From the base's axis, m. */
  readonly away: number;
  readonly views: number;
}

/** In front, then to both sides, then farther away: a triangle with sides of 10 cm and more. */
export function places(kind: "flat" | "leaning", views: number): readonly Place[] {
  return [
    { kind, turnDeg: 0, away: LOOKED_AT, views },
    { kind, turnDeg: 20, away: LOOKED_AT, views },
    { kind, turnDeg: -20, away: LOOKED_AT, views },
    { kind, turnDeg: 0, away: LOOKED_AT + 0.05, views },
  ];
}

/** What was seen of the boards. */
export interface Views {
  readonly wrist: readonly WristView[];
  readonly front: readonly FrontView[];
}

/** The wrist camera looks at the board from several poses in each place; with `front`, that camera once in each too. */
export async function lookAround(
  stand: Stand,
  around: readonly Place[],
  cameras: { readonly wrist: Intrinsics; readonly front: Intrinsics | null },
): Promise<Views> {
  const wrist: WristView[] = [];
  const front: FrontView[] = [];
  for (const [place, wanted] of around.entries()) {
    const { turnDeg, views } = wanted;
    const cell = await stand.arm("it looks at the board from above, all joints turning by up to 45 degrees");
    if (!(await stand.assistant.place(wanted, words(wanted, place, around.length)))) {
      throw stand.left();
    }
    const poses = LOOKING_OFFSETS_DEG.slice(0, views).map((offset) => looking(stand.config.home, offset, turnDeg));
    await visit(stand.assistant, cell, poses, async (q, index) => {
      if (index === 0 && cameras.front !== null) {
        const sight = await stand.sights.board("front", `front-${place + 1}`);
        front.push(...(sight === null ? [] : [{ ...(await located(stand, sight, cameras.front)), place }]));
      }
      const sight = await stand.sights.board("wrist", `wrist-${place + 1}-${index + 1}`);
      wrist.push(
        ...(sight === null ? [] : [{ ...(await located(stand, sight, cameras.wrist)), flange: flangePose(q), place }]),
      );
    });
    note(`  place ${place + 1} of ${around.length} is done`);
  }
  return { wrist, front };
}

async function located(
  { eye, board }: Stand,
  { corners }: Sight,
  camera: Intrinsics,
): Promise<{ corners: Sight["corners"]; board: RigidPose }> {
  const { turn, shift } = await eye.locate(corners, board, camera);
  return { corners, board: poseOf(turn, shift) };
}

function looking(home: JointPosition, offsetDeg: readonly number[], turnDeg: number): JointPosition {
  return jointPosition(
    offsetDeg.map((offset, joint) => jointAt(home, joint) + (offset + (joint === 0 ? turnDeg : 0)) * DEGREE),
  );
}

function words({ kind, turnDeg, away }: Place, place: number, count: number): string {
  const side =
    turnDeg === 0
      ? "before the arm"
      : `${Math.abs(turnDeg)} degrees to the ${turnDeg > 0 ? "left" : "right"} of the arm's front`;
  const how =
    kind === "flat" ? "Lay the board flat on the bare table" : "Lean the board by 15 degrees towards the front camera";
  return `Place ${place + 1} of ${count}: ${how}, its middle ${(100 * away).toFixed(0)} cm ${side}, the longer side across; nobody may move it then.`;
}
