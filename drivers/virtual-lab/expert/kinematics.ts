import { type JointPosition, jointPosition } from "../../../daemon/types/units.js";
import { FLANGE_TO_TIP } from "../scene/mjcf.js";
import { FOREARM, RM75_LINKS, SHOULDER_HEIGHT, UPPER_ARM, WRIST_TO_FLANGE } from "../scene/rm75-links.js";
import type { Vector3 } from "../scene/vector.js";

/** Position (m) and rotation (row by row) of the flange in the base frame. */
export interface FlangePose {
  readonly position: Vector3;
  readonly rotation: readonly number[];
}

/** The hand over the table: the point between the fingertips (m) and the turn of the fingers about the vertical. */
export interface HandPose {
  readonly position: Vector3;
  /** rad; 0 when the fingers open along y. */
  readonly yaw: number;
}

/** Flange pose of a joint position, from the vendor's DH table. */
export function flangePose(q: JointPosition): FlangePose {
  let [x, y, z] = [0, 0, 0];
  let r = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const at = (index: number): number => r[index] ?? 0;
  RM75_LINKS.forEach((link, joint) => {
    const [px, py, pz] = link.position;
    x += at(0) * px + at(1) * py + at(2) * pz;
    y += at(3) * px + at(4) * py + at(5) * pz;
    z += at(6) * px + at(7) * py + at(8) * pz;
    const ca = Math.cos(link.turnX);
    const sa = Math.sin(link.turnX);
    const ct = Math.cos(q[joint] ?? 0);
    const st = Math.sin(q[joint] ?? 0);
    // rotation * turn about x * turn about z
    r = [0, 3, 6].flatMap((row) => {
      const a = at(row);
      const b = at(row + 1) * ca + at(row + 2) * sa;
      const c = at(row + 2) * ca - at(row + 1) * sa;
      return [a * ct + b * st, b * ct - a * st, c];
    });
  });
  return { position: [x, y, z], rotation: r };
}

/** Hand pose of a joint position; the yaw is that of the fingers seen from above. */
export function handPose(q: JointPosition): HandPose {
  const { position, rotation } = flangePose(q);
  const axis = (row: number): number => rotation[3 * row + 2] ?? 0;
  return {
    position: [
      position[0] + FLANGE_TO_TIP * axis(0),
      position[1] + FLANGE_TO_TIP * axis(1),
      position[2] + FLANGE_TO_TIP * axis(2),
    ],
    // The flange's x axis points back to the base when the hand has no yaw.
    yaw: Math.atan2(-(rotation[3] ?? 0), -(rotation[0] ?? 0)),
  };
}

/**
 * The joint position that holds the tool straight down at a hand pose, with the elbow in the vertical plane of
 * the arm (J3 = J5 = 0); null when it is out of reach. J7 is the nearest turn to `near`.
 */
export function straightDown(hand: HandPose, near: JointPosition): JointPosition | null {
  const [x, y, z] = hand.position;
  const radius = Math.hypot(x, y);
  const height = z + FLANGE_TO_TIP + WRIST_TO_FLANGE - SHOULDER_HEIGHT;
  const cosElbow =
    (radius * radius + height * height - UPPER_ARM * UPPER_ARM - FOREARM * FOREARM) / (2 * UPPER_ARM * FOREARM);
  if (cosElbow >= 1 || cosElbow <= -1) {
    return null;
  }
  const q1 = Math.atan2(y, x);
  const q4 = Math.acos(cosElbow);
  const q2 = Math.atan2(radius, height) - Math.atan2(FOREARM * Math.sin(q4), UPPER_ARM + FOREARM * cosElbow);
  const q7 = q1 - hand.yaw;
  const turns = Math.round((near[6] - q7) / (2 * Math.PI));
  const q = [q1, q2, 0, q4, 0, Math.PI - q2 - q4, q7 + 2 * Math.PI * turns];
  return RM75_LINKS.every((link, joint) => Math.abs(q[joint] ?? 0) <= link.limit) ? jointPosition(q) : null;
}
