// Triangles on a grid of samples: set up, and filled four samples at a time.
import { SCREEN_BYTES, screen, faces, ids, f } from "./memory";

/** Writes a screen triangle; false when it faces away or has no area. */
export function prepare(face: usize, i0: i32, i1: i32, i2: i32, instance: i32): bool {
  const s0 = screen + <usize>i0 * SCREEN_BYTES;
  const s1 = screen + <usize>i1 * SCREEN_BYTES;
  const s2 = screen + <usize>i2 * SCREEN_BYTES;
  const x0 = f(s0, 0), y0 = f(s0, 1), x1 = f(s1, 0), y1 = f(s1, 1), x2 = f(s2, 0), y2 = f(s2, 1);
  const area: f32 = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  if (!(area < -1e-6)) return false;
  const k: f32 = 1 / area;
  store<f32>(face, (y1 - y2) * k);
  store<f32>(face + 4, (x2 - x1) * k);
  store<f32>(face + 8, (x1 * y2 - x2 * y1) * k);
  store<f32>(face + 12, (y2 - y0) * k);
  store<f32>(face + 16, (x0 - x2) * k);
  store<f32>(face + 20, (x2 * y0 - x0 * y2) * k);
  store<f32>(face + 24, (y0 - y1) * k);
  store<f32>(face + 28, (x1 - x0) * k);
  store<f32>(face + 32, (x0 * y1 - x1 * y0) * k);
  store<f32>(face + 36, f(s0, 2));
  store<f32>(face + 40, f(s1, 2));
  store<f32>(face + 44, f(s2, 2));
  store<i32>(face + 48, i0);
  store<i32>(face + 52, i1);
  store<i32>(face + 56, i2);
  store<i32>(face + 60, instance);
  return true;
}

/** 1 / slope; 0 for an edge along the row, which does not bound it. */
// @ts-ignore: decorator
@inline function inverse(slope: f32): f32 { return Mathf.abs(slope) > 1e-7 ? 1 / slope : 0; }

/** Draws one screen triangle into a depth buffer (greater is nearer) and, if asked, its number into `ids`. */
export function fill(face: usize, buffer: usize, marks: usize, width: i32, id: i32, mark: bool): void {
  const s0 = screen + <usize>load<i32>(face + 48) * SCREEN_BYTES;
  const s1 = screen + <usize>load<i32>(face + 52) * SCREEN_BYTES;
  const s2 = screen + <usize>load<i32>(face + 56) * SCREEN_BYTES;
  const w = <f32>(width - 1);
  const left = Mathf.max(0, Mathf.min(f(s0, 0), Mathf.min(f(s1, 0), f(s2, 0))) - 0.5);
  const right = Mathf.min(w, Mathf.max(f(s0, 0), Mathf.max(f(s1, 0), f(s2, 0))));
  const top = Mathf.max(0, Mathf.min(f(s0, 1), Mathf.min(f(s1, 1), f(s2, 1))) - 0.5);
  const bottom = Mathf.min(w, Mathf.max(f(s0, 1), Mathf.max(f(s1, 1), f(s2, 1))));
  if (!(left <= right && top <= bottom)) return;
  const yBegin = <i32>top, yEnd = <i32>bottom;
  const k0 = inverse(f(face, 0)), k1 = inverse(f(face, 3)), k2 = inverse(f(face, 6));
  const a0 = f32x4.splat(f(face, 0)), a1 = f32x4.splat(f(face, 3)), a2 = f32x4.splat(f(face, 6));
  const z0 = f(face, 9), z1 = f(face, 10), z2 = f(face, 11);
  const dz = f32x4.splat(f(face, 0) * z0 + f(face, 3) * z1 + f(face, 6) * z2);
  // A shared edge may be drawn twice but never left open.
  const least = f32x4.splat(-1e-5);
  const number = i32x4.splat(id);
  const centres = f32x4(0.5, 1.5, 2.5, 3.5);
  for (let y = yBegin; y <= yEnd; y += 1) {
    const fy = <f32>y + 0.5;
    const c0s: f32 = f(face, 1) * fy + f(face, 2);
    const c1s: f32 = f(face, 4) * fy + f(face, 5);
    const c2s: f32 = f(face, 7) * fy + f(face, 8);
    const c0 = f32x4.splat(c0s), c1 = f32x4.splat(c1s), c2 = f32x4.splat(c2s);
    const cz = f32x4.splat(c0s * z0 + c1s * z1 + c2s * z2);
    // Only the stretch of the row that the triangle can cover, with two samples to spare for rounding.
    let from = left, to = right;
    if (k0 > 0) from = Mathf.max(from, -c0s * k0 - 2.5); else if (k0 < 0) to = Mathf.min(to, -c0s * k0 + 2.5);
    if (k1 > 0) from = Mathf.max(from, -c1s * k1 - 2.5); else if (k1 < 0) to = Mathf.min(to, -c1s * k1 + 2.5);
    if (k2 > 0) from = Mathf.max(from, -c2s * k2 - 2.5); else if (k2 < 0) to = Mathf.min(to, -c2s * k2 + 2.5);
    if (!(from <= to)) continue;
    const xBegin = (<i32>from) & ~3, xEnd = <i32>to;
    let at: usize = (<usize>(y * width + xBegin)) << 2;
    for (let x = xBegin; x <= xEnd; x += 4) {
      const fx = f32x4.add(f32x4.splat(<f32>x), centres);
      let inside = v128.and(
        v128.and(
          f32x4.ge(f32x4.add(f32x4.mul(a0, fx), c0), least),
          f32x4.ge(f32x4.add(f32x4.mul(a1, fx), c1), least)),
        f32x4.ge(f32x4.add(f32x4.mul(a2, fx), c2), least));
      if (v128.any_true(inside)) {
        const z = f32x4.add(f32x4.mul(dz, fx), cz);
        const old = v128.load(buffer + at);
        inside = v128.and(inside, f32x4.gt(z, old));
        v128.store(buffer + at, v128.bitselect(z, old, inside));
        if (mark) v128.store(marks + at, v128.bitselect(number, v128.load(marks + at), inside));
      }
      at += 16;
    }
  }
}
