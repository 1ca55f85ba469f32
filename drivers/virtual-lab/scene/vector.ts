/** A point or direction in metres, robot base frame unless said otherwise. */
export type Vector3 = readonly [number, number, number];

/** a + b */
export function add(a: Vector3, b: Vector3): Vector3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** a - b */
export function subtract(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** factor * a */
export function scale(a: Vector3, factor: number): Vector3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** a x b */
export function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** a . b */
export function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** a at length 1; the zero vector stays. */
export function normalise(a: Vector3): Vector3 {
  const length = Math.sqrt(dot(a, a));
  return length > 0 ? scale(a, 1 / length) : a;
}
