import { elementAt } from "../types/units.js";

/**
 * Distance in metres between two segments whose end points lie in `ends` as x, y, z: the first segment from `one` on
 * (six numbers), the second from `other` on. A segment may be a point. Solves for the nearest pair on the endless
 * lines, clamps it to the segments, and lets the other end follow (C. Ericson, Real-Time Collision Detection, 5.1.9).
 */
export function segmentDistance(ends: Float64Array, one: number, other: number): number {
  const ux = elementAt(ends, one + 3) - elementAt(ends, one);
  const uy = elementAt(ends, one + 4) - elementAt(ends, one + 1);
  const uz = elementAt(ends, one + 5) - elementAt(ends, one + 2);
  const vx = elementAt(ends, other + 3) - elementAt(ends, other);
  const vy = elementAt(ends, other + 4) - elementAt(ends, other + 1);
  const vz = elementAt(ends, other + 5) - elementAt(ends, other + 2);
  const wx = elementAt(ends, one) - elementAt(ends, other);
  const wy = elementAt(ends, one + 1) - elementAt(ends, other + 1);
  const wz = elementAt(ends, one + 2) - elementAt(ends, other + 2);
  const uu = ux * ux + uy * uy + uz * uz;
  const vv = vx * vx + vy * vy + vz * vz;
  const uv = ux * vx + uy * vy + uz * vz;
  const uw = ux * wx + uy * wy + uz * wz;
  const vw = vx * wx + vy * wy + vz * wz;
  const across = uu * vv - uv * uv;
  // Of parallel segments any point of the first serves: the second follows it, and then the first follows once more.
  let s = across > PARALLEL * uu * vv ? clamped((uv * vw - vv * uw) / across) : 0;
  const t = vv > 0 ? clamped((uv * s + vw) / vv) : 0;
  s = uu > 0 ? clamped((uv * t - uw) / uu) : 0;
  return Math.hypot(wx + s * ux - t * vx, wy + s * uy - t * vy, wz + s * uz - t * vz);
}

/** Squared sine of the angle under which two segments count as parallel. */
const PARALLEL = 1e-12;

function clamped(part: number): number {
  return Math.min(Math.max(part, 0), 1);
}
