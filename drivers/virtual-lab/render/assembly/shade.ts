// Colour of a surface: texture, light, soft shadow, gloss.
import {
  SHADOW,
  TILES,
  TEXTURE,
  WORLD_BYTES,
  FACE_BYTES,
  INSTANCE_BYTES,
  instances,
  world,
  faces,
  shadow,
  texture,
  texels,
  tiles,
  picture,
  light,
  view,
  f,
} from "./memory";

// @ts-ignore: decorator
@inline function dot3(a: v128, b: v128): f32 {
  const p = f32x4.mul(a, b);
  return f32x4.extract_lane(p, 0) + f32x4.extract_lane(p, 1) + f32x4.extract_lane(p, 2);
}

// @ts-ignore: decorator
@inline function unit(a: v128): v128 {
  return f32x4.mul(a, f32x4.splat(1 / Mathf.sqrt(dot3(a, a) + 1e-20)));
}

/** Linear colour of one triangle at a place of the picture, in samples. */
export function shade(id: i32, x: f32, y: f32): v128 {
  if (id < 0) return v128.load(light + 144);
  const face = faces + <usize>id * FACE_BYTES;
  // Beside the triangle (a pixel it only touches) the nearest of its points is taken.
  const b0: f32 = Mathf.max(0, f(face, 0) * x + f(face, 1) * y + f(face, 2)) * f(face, 9);
  const b1: f32 = Mathf.max(0, f(face, 3) * x + f(face, 4) * y + f(face, 5)) * f(face, 10);
  const b2: f32 = Mathf.max(0, f(face, 6) * x + f(face, 7) * y + f(face, 8)) * f(face, 11);
  const depth: f32 = 1 / (b0 + b1 + b2);
  const k0 = f32x4.splat(b0 * depth), k1 = f32x4.splat(b1 * depth), k2 = f32x4.splat(b2 * depth);
  const w0 = world + <usize>load<i32>(face + 48) * WORLD_BYTES;
  const w1 = world + <usize>load<i32>(face + 52) * WORLD_BYTES;
  const w2 = world + <usize>load<i32>(face + 56) * WORLD_BYTES;
  const at = f32x4.add(f32x4.add(f32x4.mul(k0, v128.load(w0)), f32x4.mul(k1, v128.load(w1))), f32x4.mul(k2, v128.load(w2)));
  const normal = unit(f32x4.add(
    f32x4.add(f32x4.mul(k0, v128.load(w0 + 16)), f32x4.mul(k1, v128.load(w1 + 16))), f32x4.mul(k2, v128.load(w2 + 16))));
  let colour = f32x4.add(
    f32x4.add(f32x4.mul(k0, v128.load(w0 + 32)), f32x4.mul(k1, v128.load(w1 + 32))), f32x4.mul(k2, v128.load(w2 + 32)));
  const instance = instances + <usize>load<i32>(face + 60) * INSTANCE_BYTES;
  const up = f32x4.extract_lane(normal, 2);
  const toEye = f32x4.sub(v128.load(view + 48), at);
  if (f(instance, 13) != 0 && up > 0.9) {
    const distance = Mathf.sqrt(dot3(toEye, toEye));
    const slope = f32x4.extract_lane(toEye, 2) / distance;
    // One pixel of the picture on the surface, in texels, along and across the line of sight together.
    const footprint: f32 = (2 * distance / f(view, 16)) * (<f32>TEXTURE) / Mathf.sqrt(Mathf.max(slope, 0.05));
    colour = f32x4.mul(colour, sample(f32x4.extract_lane(at, 0), f32x4.extract_lane(at, 1), footprint));
  }
  const direction = v128.load(light);
  const facing: f32 = dot3(normal, direction);
  const sky: f32 = 0.5 + 0.5 * up;
  let lit = f32x4.add(
    f32x4.mul(v128.load(light + 32), f32x4.splat(sky)), f32x4.mul(v128.load(light + 48), f32x4.splat(1 - sky)));
  lit = f32x4.add(lit, f32x4.mul(v128.load(light + 80), f32x4.splat(Mathf.max(0, dot3(normal, v128.load(light + 64))))));
  let gloss: f32 = 0;
  if (facing > 0) {
    const open = unshadowed(at, normal, facing);
    lit = f32x4.add(lit, f32x4.mul(v128.load(light + 16), f32x4.splat(facing * open)));
    const shine = f(instance, 12);
    if (shine > 0 && open > 0) {
      let h: f32 = Mathf.max(0, dot3(normal, unit(f32x4.add(unit(toEye), direction))));
      h *= h; h *= h; h *= h; h *= h; h *= h;
      gloss = shine * open * h;
    }
  }
  return f32x4.add(f32x4.mul(colour, lit), f32x4.mul(v128.load(light + 16), f32x4.splat(gloss)));
}

/** Part of the light that reaches a point: an 8 x 8 tap filter with smooth edges over the shadow map. */
function unshadowed(at: v128, normal: v128, facing: f32): f32 {
  const p = f32x4.add(at, f32x4.mul(normal, f32x4.splat(0.003)));
  const x = dot3(p, v128.load(light + 96)) + f(light, 27) - 4;
  const y = dot3(p, v128.load(light + 112)) + f(light, 31) - 4;
  if (!(x > 0 && y > 0 && x < <f32>(SHADOW - 9) && y < <f32>(SHADOW - 9))) return 1;
  // The filter reaches over 8 texels, so a slanted surface needs a margin that grows with its slant.
  const slant: f32 = Mathf.sqrt(Mathf.max(0, 1 - facing * facing)) / Mathf.max(facing, 0.15);
  const height: f32 = dot3(p, v128.load(light + 128)) + f(light, 35) + 0.0015 + 0.0035 * slant;
  const ix = <i32>x, iy = <i32>y;
  // Most of the table has nothing at all between it and the light.
  const tile = tiles + ((<usize>((iy >> 3) * TILES + (ix >> 3))) << 2);
  const below = tile + (TILES << 2);
  if (f(tile, 0) <= height && f(tile, 1) <= height && f(below, 0) <= height && f(below, 1) <= height) return 1;
  const z = f32x4.splat(height);
  const fx: f32 = x - <f32>ix, fy: f32 = y - <f32>iy;
  const first = f32x4(1 - fx, 1, 1, 1), last = f32x4(1, 1, 1, fx);
  let sum = f32x4.splat(0);
  let row: usize = shadow + ((<usize>(iy * SHADOW + ix)) << 2);
  for (let j = 0; j < 8; j += 1) {
    const weight = f32x4.splat(j == 0 ? 1 - fy : j == 7 ? fy : 1);
    const shade0 = v128.and(first, f32x4.gt(v128.load(row), z));
    const shade1 = v128.and(last, f32x4.gt(v128.load(row + 16), z));
    sum = f32x4.add(sum, f32x4.mul(weight, f32x4.add(shade0, shade1)));
    row += SHADOW << 2;
  }
  const shaded = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3);
  return 1 - shaded * (1.0 / 49.0);
}

/** The table's texture (repeating each metre) at x, y, from the mip level that fits the footprint in texels. */
function sample(x: f32, y: f32, footprint: f32): v128 {
  let size = TEXTURE;
  let base: usize = texture;
  while (footprint > 1.4 && size > TEXTURE / 8) {
    base += (<usize>(size * size)) << 4;
    size >>= 1;
    footprint *= 0.5;
  }
  const u: f32 = (x + 8) * <f32>size - 0.5, v: f32 = (y + 8) * <f32>size - 0.5;
  const iu = <i32>u, iv = <i32>v;
  const fu = f32x4.splat(u - <f32>iu), fv = f32x4.splat(v - <f32>iv);
  const u0 = iu & (size - 1), u1 = (iu + 1) & (size - 1);
  const r0 = (iv & (size - 1)) * size, r1 = ((iv + 1) & (size - 1)) * size;
  const a = v128.load(base + ((<usize>(r0 + u0)) << 4)), b = v128.load(base + ((<usize>(r0 + u1)) << 4));
  const c = v128.load(base + ((<usize>(r1 + u0)) << 4)), d = v128.load(base + ((<usize>(r1 + u1)) << 4));
  const top = f32x4.add(a, f32x4.mul(fu, f32x4.sub(b, a)));
  const bottom = f32x4.add(c, f32x4.mul(fu, f32x4.sub(d, c)));
  return f32x4.add(top, f32x4.mul(fv, f32x4.sub(bottom, top)));
}
