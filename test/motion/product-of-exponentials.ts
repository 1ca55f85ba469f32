/**
 * Forward kinematics a second time, by the product of exponentials instead of Denavit and Hartenberg: each joint is a
 * screw in the pose where all angles are zero and the arm stands straight up. Written from the vendor's drawing alone.
 */

type Vector = readonly [number, number, number];

/** Axis of each joint and a point on it, all angles zero: odd joints turn about the vertical, even ones about +y. */
const SCREWS: readonly { readonly axis: Vector; readonly through: Vector }[] = [
  { axis: [0, 0, 1], through: [0, 0, 0] },
  { axis: [0, 1, 0], through: [0, 0, 0.2405] },
  { axis: [0, 0, 1], through: [0, 0, 0] },
  { axis: [0, 1, 0], through: [0, 0, 0.4965] },
  { axis: [0, 0, 1], through: [0, 0, 0] },
  { axis: [0, 1, 0], through: [0, 0, 0.7065] },
  { axis: [0, 0, 1], through: [0, 0, 0] },
];

/** Height of each link frame's origin, all angles zero; frame 0 is the base, frame 7 the flange. */
const ORIGINS = [0, 0.2405, 0.2405, 0.4965, 0.4965, 0.7065, 0.7065, 0.8505];

/**
 * Where a point of link frame `frame` lies in the base frame, m, for joint angles in rad. In the straight pose the axes
 * of the odd frames and of the base are those of the world; the even frames have x as the world and z along its y.
 */
export function pointByScrews(q: readonly number[], frame: number, [x, y, z]: Vector): Vector {
  const upright: Vector = frame % 2 === 1 || frame === 0 ? [x, y, z] : [x, z, -y];
  let point: Vector = [upright[0], upright[1], upright[2] + (ORIGINS[frame] ?? Number.NaN)];
  for (let joint = frame; joint >= 1; joint--) {
    const screw = SCREWS[joint - 1];
    if (screw !== undefined) {
      point = turned(point, screw.axis, screw.through, q[joint - 1] ?? Number.NaN);
    }
  }
  return point;
}

/** A point turned about an axis (Rodrigues). */
function turned(point: Vector, axis: Vector, through: Vector, angle: number): Vector {
  const [ax, ay, az] = axis;
  const [x, y, z] = [point[0] - through[0], point[1] - through[1], point[2] - through[2]];
  const along = (1 - Math.cos(angle)) * (ax * x + ay * y + az * z);
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return [
    through[0] + c * x + s * (ay * z - az * y) + along * ax,
    through[1] + c * y + s * (az * x - ax * z) + along * ay,
    through[2] + c * z + s * (ax * y - ay * x) + along * az,
  ];
}
