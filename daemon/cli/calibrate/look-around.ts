import { LOOKED_AT, LOOKING_OFFSETS_DEG } from "../../../calibration/looking-poses.js";
import { poseOf } from "../../../calibration/rigid.js";
import { flangePose } from "../../motion/kinematics.js";
import type { Intrinsics, RigidPose } from "../../types/board.js";
import { type JointPosition, jointAt, jointPosition } from "../../types/units.js";
import { note } from "../print.js";
import type { Sight } from "./sights.js";
import { left, type Stand } from "./stand.js";

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

/** Boards as they were seen: by the wrist camera with the flange there, by the front camera. */
export interface Seen {
  readonly wrist: readonly { readonly sight: Sight; readonly flange: RigidPose; readonly place: number }[];
  readonly front: readonly { readonly sight: Sight; readonly place: number }[];
}

/** The wrist camera looks at the board from several poses in each place; `withFront`: that camera once in each too. */
export async function lookAround(stand: Stand, around: readonly Place[], withFront: boolean): Promise<Seen> {
  const wrist: Seen["wrist"][number][] = [];
  const front: Seen["front"][number][] = [];
  for (const [place, wanted] of around.entries()) {
    const { turnDeg, views } = wanted;
    await stand.prepare("it looks at the board from above, all joints turning by up to 45 degrees");
    if (!(await stand.assistant.place(wanted, words(wanted, place, around.length)))) {
      throw left();
    }
    const poses = LOOKING_OFFSETS_DEG.slice(0, views).map((offset) => looking(stand.home, offset, turnDeg));
    await stand.visit(poses, async (q, index) => {
      if (index === 0 && withFront) {
        const sight = await stand.sights.board("front", `front-${place + 1}`);
        front.push(...(sight === null ? [] : [{ sight, place }]));
      }
      const sight = await stand.sights.board("wrist", `wrist-${place + 1}-${index + 1}`);
      wrist.push(...(sight === null ? [] : [{ sight, flange: flangePose(q), place }]));
    });
    note(`  place ${place + 1} of ${around.length} is done`);
  }
  return { wrist, front };
}

/** The same with where the board is before the calibrated camera. */
export function located<T extends { readonly sight: Sight }>(
  { eye, board }: Stand,
  seen: readonly T[],
  camera: Intrinsics,
): Promise<readonly (T & { readonly corners: Sight["corners"]; readonly board: RigidPose })[]> {
  return Promise.all(
    seen.map(async (one) => {
      const { corners } = one.sight;
      const { turn, shift } = await eye.locate(corners, board, camera);
      return { ...one, corners, board: poseOf(turn, shift) };
    }),
  );
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
