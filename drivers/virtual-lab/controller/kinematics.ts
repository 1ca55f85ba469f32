import { type JointPosition, jointPosition } from "../../../daemon/types/units.js";

/** Position in m and rotation matrix, row by row, of the flange in the base frame. */
export interface Pose {
  readonly position: readonly number[];
  readonly rotation: readonly number[];
}

/** Modified DH of an RM75-B: alpha of the previous link in rad, d in m; a and offset are 0 (vendor parameter page). */
const ALPHA = [0, -Math.PI / 2, Math.PI / 2, -Math.PI / 2, Math.PI / 2, -Math.PI / 2, Math.PI / 2];
const LENGTH = [0.2405, 0, 0.256, 0, 0.21, 0, 0.144];

/** Where the flange of an RM75-B is at `q`. */
export function forward(q: readonly number[]): Pose {
  return chain(q).flange;
}

/** Joint angles near `seed` whose flange is at `goal`; null when it cannot be reached from there. */
export function inverse(goal: Pose, seed: readonly number[]): JointPosition | null {
  const q = [...seed];
  for (let step = 0; step < 200; step += 1) {
    const { axes, origins, flange } = chain(q);
    const error = [
      ...goal.position.map((value, i) => value - at(flange.position, i)),
      ...rotationVector(multiply(goal.rotation, transposed(flange.rotation))),
    ];
    if (Math.hypot(...error) < 1e-7) {
      return jointPosition(q);
    }
    const columns = axes.map((axis, i) => [
      ...cross(axis, difference(flange.position, origins[i] ?? flange.position)),
      ...axis,
    ]);
    const force = solve(damped(columns), error);
    columns.forEach((column, i) => {
      const turn = column.reduce((sum, value, row) => sum + value * at(force, row), 0);
      q[i] = at(q, i) + Math.max(-0.2, Math.min(0.2, turn));
    });
  }
  return null;
}

/** The pose a fraction `s` (0 to 1) of the way from one to another, straight and turning about one axis. */
export function between(from: Pose, to: Pose, s: number): Pose {
  const turn = rotationVector(multiply(to.rotation, transposed(from.rotation)));
  return {
    position: from.position.map((value, i) => value + (at(to.position, i) - value) * s),
    rotation: multiply(fromRotationVector(turn.map((value) => value * s)), from.rotation),
  };
}

/** Rotation matrix of Rz(rz) Ry(ry) Rx(rx), the vendor's Euler angles in rad. */
export function fromEuler(rx: number, ry: number, rz: number): readonly number[] {
  return multiply(
    fromRotationVector([0, 0, rz]),
    multiply(fromRotationVector([0, ry, 0]), fromRotationVector([rx, 0, 0])),
  );
}

/** The vendor's Euler angles [rx, ry, rz] in rad of a rotation matrix. */
export function toEuler(r: readonly number[]): readonly number[] {
  return [
    Math.atan2(at(r, 7), at(r, 8)),
    Math.asin(Math.max(-1, Math.min(1, -at(r, 6)))),
    Math.atan2(at(r, 3), at(r, 0)),
  ];
}

/** Rotation matrix of a quaternion w, x, y, z of any length but 0. */
export function fromQuaternion(quaternion: readonly number[]): readonly number[] {
  const length = Math.hypot(...quaternion);
  const [w = 1, x = 0, y = 0, z = 0] = quaternion.map((value) => value / length);
  const sine = Math.hypot(x, y, z);
  const angle = 2 * Math.atan2(sine, w);
  const scale = sine < 1e-12 ? 0 : angle / sine;
  return fromRotationVector([x * scale, y * scale, z * scale]);
}

/** Unit quaternion w, x, y, z of a rotation matrix. */
export function toQuaternion(r: readonly number[]): readonly number[] {
  const turn = rotationVector(r);
  const angle = Math.hypot(...turn);
  const scale = angle < 1e-12 ? 0 : Math.sin(angle / 2) / angle;
  return [Math.cos(angle / 2), ...turn.map((value) => value * scale)];
}

/** Rotation matrix of a turn about `vector` by its length in rad. */
export function fromRotationVector(vector: readonly number[]): readonly number[] {
  const angle = Math.hypot(...vector);
  if (angle < 1e-12) {
    return [1, 0, 0, 0, 1, 0, 0, 0, 1];
  }
  const [x = 0, y = 0, z = 0] = vector.map((value) => value / angle);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const t = 1 - c;
  return [
    t * x * x + c,
    t * x * y - s * z,
    t * x * z + s * y,
    t * x * y + s * z,
    t * y * y + c,
    t * y * z - s * x,
    t * x * z - s * y,
    t * y * z + s * x,
    t * z * z + c,
  ];
}

/** Product of two 3 x 3 matrices. */
export function multiply(a: readonly number[], b: readonly number[]): readonly number[] {
  return [0, 1, 2].flatMap((row) =>
    [0, 1, 2].map((column) => [0, 1, 2].reduce((sum, k) => sum + at(a, 3 * row + k) * at(b, 3 * k + column), 0)),
  );
}

function chain(q: readonly number[]): { axes: number[][]; origins: number[][]; flange: Pose } {
  const axes: number[][] = [];
  const origins: number[][] = [];
  let position = [0, 0, 0];
  let rotation: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  for (let i = 0; i < 7; i += 1) {
    rotation = multiply(rotation, fromRotationVector([at(ALPHA, i), 0, 0]));
    rotation = multiply(rotation, fromRotationVector([0, 0, at(q, i)]));
    const axis = [at(rotation, 2), at(rotation, 5), at(rotation, 8)];
    position = position.map((value, row) => value + at(axis, row) * at(LENGTH, i));
    axes.push(axis);
    origins.push(position);
  }
  return { axes, origins, flange: { position, rotation } };
}

function rotationVector(r: readonly number[]): readonly number[] {
  const axis = [at(r, 7) - at(r, 5), at(r, 2) - at(r, 6), at(r, 3) - at(r, 1)];
  const sine = Math.hypot(...axis) / 2;
  const cosine = (at(r, 0) + at(r, 4) + at(r, 8) - 1) / 2;
  const angle = Math.atan2(sine, cosine);
  if (sine > 1e-9) {
    return axis.map((value) => (value * angle) / (2 * sine));
  }
  if (cosine > 0) {
    return [0, 0, 0];
  }
  // Half a turn: R = 2 a a' - I, so the largest diagonal entry gives the axis.
  const squares = [0, 4, 8].map((i) => Math.max(0, (at(r, i) + 1) / 2));
  const largest = squares.indexOf(Math.max(...squares));
  const length = Math.sqrt(at(squares, largest));
  return [0, 1, 2].map((i) => (angle * (at(r, 3 * i + largest) + (i === largest ? 1 : 0))) / (2 * length));
}

/** J J' + lambda^2 I for the columns of J, 6 x 6; the damping keeps steps small near singular poses. */
function damped(columns: readonly (readonly number[])[]): number[][] {
  return [0, 1, 2, 3, 4, 5].map((row) =>
    [0, 1, 2, 3, 4, 5].map((column) =>
      columns.reduce((sum, c) => sum + at(c, row) * at(c, column), row === column ? 1e-5 : 0),
    ),
  );
}

/** Gaussian elimination with row pivoting; `matrix` is used up. */
function solve(matrix: number[][], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, i) => [...row, at(right, i)]);
  for (let i = 0; i < rows.length; i += 1) {
    const rest = rows.slice(i).sort((a, b) => Math.abs(at(b, i)) - Math.abs(at(a, i)));
    rows.splice(i, rest.length, ...rest);
    const pivot = rows[i] ?? [];
    for (const [k, row] of rows.entries()) {
      const factor = k === i ? 0 : at(row, i) / at(pivot, i);
      rows[k] = row.map((value, column) => value - factor * at(pivot, column));
    }
  }
  return rows.map((row, i) => at(row, rows.length) / at(row, i));
}

function transposed(r: readonly number[]): readonly number[] {
  return [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => at(r, i));
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  return [
    at(a, 1) * at(b, 2) - at(a, 2) * at(b, 1),
    at(a, 2) * at(b, 0) - at(a, 0) * at(b, 2),
    at(a, 0) * at(b, 1) - at(a, 1) * at(b, 0),
  ];
}

function difference(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - at(b, i));
}

function at(vector: readonly number[], i: number): number {
  return vector[i] ?? Number.NaN;
}
