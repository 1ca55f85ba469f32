import type { Intrinsics, PicturePoint } from "../daemon/types/board.js";
import type { Vector3 } from "./rigid.js";

/** The same camera with another focal length. */
export function withFocal(camera: Intrinsics, scale: number): Intrinsics {
  return { ...camera, fx: camera.fx * scale, fy: camera.fy * scale };
}

/** Where a point of the camera's frame (x right, y down, z forward) is in the picture, pixels. */
export function project([x, y, z]: Vector3, camera: Intrinsics): PicturePoint {
  const [a, b] = [x / z, y / z];
  const [k1, k2, p1, p2, k3] = camera.distortion;
  const r2 = a * a + b * b;
  const radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3));
  return [
    camera.fx * (a * radial + 2 * p1 * a * b + p2 * (r2 + 2 * a * a)) + camera.cx,
    camera.fy * (b * radial + p1 * (r2 + 2 * b * b) + 2 * p2 * a * b) + camera.cy,
  ];
}
