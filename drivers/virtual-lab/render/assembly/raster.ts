// The rasteriser: world vertices, one shadow map, visibility at 2 x 2 samples a pixel, then shading.
// Single precision throughout and no relaxed SIMD, so a frame is bit-identical on every machine.
import {
  MAX_VERTICES,
  MAX_TRIANGLES,
  MAX_INSTANCES,
  MAX_SCRATCH,
  SIZE,
  SAMPLES,
  SHADOW,
  TILES,
  TEXTURE,
  NEAR,
  MODEL_BYTES,
  WORLD_BYTES,
  SCREEN_BYTES,
  FACE_BYTES,
  INSTANCE_BYTES,
  model,
  triangles,
  instances,
  world,
  screen,
  faces,
  depths,
  ids,
  shadow,
  texture,
  gamma,
  tiles,
  picture,
  light,
  view,
  end,
  f,
} from "./memory";
import { shade } from "./shade";
import { prepare, fill } from "./triangle";

export function init(): void {
  const pages = <i32>((end + 65535) >>> 16) - memory.size();
  if (pages > 0) memory.grow(pages);
  for (let i = 0; i < 4096; i += 1) {
    // sRGB with a soft shoulder over [0, 1.6).
    let x: f32 = (<f32>i / 4095) * 1.6;
    x = x < 0.6 ? x : 0.6 + 0.4 * (1 - Mathf.exp(-(x - 0.6) / 0.4));
    const s: f32 = x <= 0.0031308 ? 12.92 * x : 1.055 * Mathf.pow(x, 1.0 / 2.4) - 0.055;
    store<u8>(gamma + i, <u8>Mathf.min(255, Mathf.floor(s * 255 + 0.5)));
  }
}

export function modelAddress(): usize { return model; }
export function triangleAddress(): usize { return triangles; }
export function instanceAddress(): usize { return instances; }
export function textureAddress(): usize { return texture; }
export function pictureAddress(): usize { return picture; }
/**
 * Light, f32: 0 direction (towards), 4 colour, 8 sky, 12 ground, 16 fill direction, 20 fill colour,
 * 24 shadow x axis and offset, 28 shadow y axis and offset, 32 shadow depth axis and offset, 36 background.
 */
export function lightAddress(): usize { return light; }
/** View, f32: 0 right, 4 down, 8 forward, 12 eye, 16 focal length in samples. */
export function viewAddress(): usize { return view; }
export function maxVertices(): i32 { return MAX_VERTICES; }
export function maxTriangles(): i32 { return MAX_TRIANGLES; }
export function maxInstances(): i32 { return MAX_INSTANCES; }
export function textureSize(): i32 { return TEXTURE; }
export function pictureSize(): i32 { return SIZE; }

let vertexCount: i32 = 0;
let triangleCount: i32 = 0;
let scratch: i32 = 0;
let faceCount: i32 = 0;

export function setCounts(vertices: i32, count: i32): void {
  vertexCount = vertices;
  triangleCount = count;
}

/** Model vertices to world vertices by the instances' poses. */
export function transform(): void {
  for (let i = 0; i < vertexCount; i += 1) {
    const m = model + <usize>i * MODEL_BYTES;
    const w = world + <usize>i * WORLD_BYTES;
    const p = instances + <usize>load<i32>(m + 36) * INSTANCE_BYTES;
    const x = f(m, 0), y = f(m, 1), z = f(m, 2);
    const a = f(m, 3), b = f(m, 4), c = f(m, 5);
    for (let row: usize = 0; row < 3; row += 1) {
      const r = p + (row << 4);
      store<f32>(w + (row << 2), f(r, 0) * x + f(r, 1) * y + f(r, 2) * z + f(r, 3));
      store<f32>(w + 16 + (row << 2), f(r, 0) * a + f(r, 1) * b + f(r, 2) * c);
    }
    store<f32>(w + 32, f(m, 6));
    store<f32>(w + 36, f(m, 7));
    store<f32>(w + 40, f(m, 8));
  }
}

/** Depth map seen from the light; greater is nearer to the light. */
export function castShadows(): void {
  const nothing = f32x4.splat(-1e9);
  for (let at = shadow; at < texture; at += 16) v128.store(at, nothing);
  const sx = light + 96, sy = light + 112, sz = light + 128;
  for (let i = 0; i < vertexCount; i += 1) {
    const w = world + <usize>i * WORLD_BYTES;
    const s = screen + <usize>i * SCREEN_BYTES;
    const x = f(w, 0), y = f(w, 1), z = f(w, 2);
    store<f32>(s, f(sx, 0) * x + f(sx, 1) * y + f(sx, 2) * z + f(sx, 3));
    store<f32>(s + 4, f(sy, 0) * x + f(sy, 1) * y + f(sy, 2) * z + f(sy, 3));
    store<f32>(s + 8, f(sz, 0) * x + f(sz, 1) * y + f(sz, 2) * z + f(sz, 3));
  }
  for (let t = 0; t < triangleCount; t += 1) {
    const at = triangles + <usize>t * 12;
    const i0 = load<i32>(at), i1 = load<i32>(at + 4), i2 = load<i32>(at + 8);
    const instance = load<i32>(model + <usize>i0 * MODEL_BYTES + 36);
    if (f(instances + <usize>instance * INSTANCE_BYTES, 14) == 0) continue;
    const face = faces;
    if (prepare(face, i0, i1, i2, instance)) fill(face, shadow, 0, SHADOW, 0, false);
  }
  for (let ty = 0; ty < TILES; ty += 1) {
    for (let tx = 0; tx < TILES; tx += 1) {
      let row: usize = shadow + ((<usize>(ty * 8 * SHADOW + tx * 8)) << 2);
      let most = v128.load(row);
      for (let j = 0; j < 8; j += 1) {
        most = f32x4.max(most, f32x4.max(v128.load(row), v128.load(row + 16)));
        row += SHADOW << 2;
      }
      store<f32>(tiles + ((<usize>(ty * TILES + tx)) << 2), Mathf.max(
        Mathf.max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
        Mathf.max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3))));
    }
  }
}

function project(i: i32): void {
  const w = world + <usize>i * WORLD_BYTES;
  const s = screen + <usize>i * SCREEN_BYTES;
  const x: f32 = f(w, 0) - f(view, 12), y: f32 = f(w, 1) - f(view, 13), z: f32 = f(w, 2) - f(view, 14);
  const depth: f32 = f(view, 8) * x + f(view, 9) * y + f(view, 10) * z;
  const k: f32 = f(view, 16) / depth;
  store<f32>(s, <f32>SIZE + k * (f(view, 0) * x + f(view, 1) * y + f(view, 2) * z));
  store<f32>(s + 4, <f32>SIZE + k * (f(view, 4) * x + f(view, 5) * y + f(view, 6) * z));
  store<f32>(s + 8, 1 / depth);
  store<f32>(s + 12, depth);
}

// @ts-ignore: decorator
@inline function depthOf(i: i32): f32 { return load<f32>(screen + <usize>i * SCREEN_BYTES + 12); }

/** A new vertex where the edge from `a` (in front) to `b` (behind) meets the near plane. */
function cut(a: i32, b: i32): i32 {
  const i = vertexCount + scratch;
  if (scratch < MAX_SCRATCH - 1) scratch += 1;
  const k = f32x4.splat((depthOf(a) - NEAR) / (depthOf(a) - depthOf(b)));
  const wa = world + <usize>a * WORLD_BYTES, wb = world + <usize>b * WORLD_BYTES, w = world + <usize>i * WORLD_BYTES;
  for (let part: usize = 0; part < WORLD_BYTES; part += 16) {
    const va = v128.load(wa + part);
    v128.store(w + part, f32x4.add(va, f32x4.mul(k, f32x4.sub(v128.load(wb + part), va))));
  }
  project(i);
  return i;
}

function draw(i0: i32, i1: i32, i2: i32, instance: i32): void {
  if (faceCount >= MAX_TRIANGLES + MAX_SCRATCH) return;
  const face = faces + <usize>faceCount * FACE_BYTES;
  if (!prepare(face, i0, i1, i2, instance)) return;
  fill(face, depths, ids, SAMPLES, faceCount, true);
  faceCount += 1;
}

/** Renders the view into the picture. */
export function render(): void {
  memory.fill(depths, 0, SAMPLES * SAMPLES * 4);
  memory.fill(ids, 0xff, SAMPLES * SAMPLES * 4);
  scratch = 0;
  faceCount = 0;
  for (let i = 0; i < vertexCount; i += 1) project(i);
  for (let t = 0; t < triangleCount; t += 1) {
    const at = triangles + <usize>t * 12;
    const a = load<i32>(at), b = load<i32>(at + 4), c = load<i32>(at + 8);
    const ina = depthOf(a) > NEAR, inb = depthOf(b) > NEAR, inc = depthOf(c) > NEAR;
    const count = <i32>ina + <i32>inb + <i32>inc;
    if (count == 0) continue;
    const instance = load<i32>(model + <usize>a * MODEL_BYTES + 36);
    if (count == 3) {
      draw(a, b, c, instance);
    } else if (count == 1) {
      if (ina) draw(a, cut(a, b), cut(a, c), instance);
      else if (inb) draw(b, cut(b, c), cut(b, a), instance);
      else draw(c, cut(c, a), cut(c, b), instance);
    } else {
      // The two corners in front keep their order: first, then second.
      const first = !ina ? b : !inb ? c : a;
      const second = !ina ? c : !inb ? a : b;
      const behind = !ina ? a : !inb ? b : c;
      const p = cut(second, behind), q = cut(first, behind);
      draw(first, second, p, instance);
      draw(first, p, q, instance);
    }
  }
  resolve();
}

// @ts-ignore: decorator
@inline function quarters(samples: i32): f32 { return 0.25 * f32(samples); }

function resolve(): void {
  let out = picture;
  for (let y = 0; y < SIZE; y += 1) {
    let at: usize = ids + ((<usize>(2 * y * SAMPLES)) << 2);
    for (let x = 0; x < SIZE; x += 1) {
      const t0 = load<i32>(at), t1 = load<i32>(at + 4);
      const t2 = load<i32>(at + (SAMPLES << 2)), t3 = load<i32>(at + (SAMPLES << 2) + 4);
      at += 8;
      const cx: f32 = f32(x + x + 1), cy: f32 = f32(y + y + 1);
      let colour: v128;
      if (t0 == t1 && t0 == t2 && t0 == t3) {
        colour = shade(t0, cx, cy);
      } else {
        // Each triangle once, weighted by the samples it holds.
        colour = f32x4.mul(shade(t0, cx, cy), f32x4.splat(quarters(1 + i32(t1 == t0) + i32(t2 == t0) + i32(t3 == t0))));
        if (t1 != t0)
          colour = f32x4.add(colour, f32x4.mul(shade(t1, cx, cy), f32x4.splat(quarters(1 + i32(t2 == t1) + i32(t3 == t1)))));
        if (t2 != t0 && t2 != t1)
          colour = f32x4.add(colour, f32x4.mul(shade(t2, cx, cy), f32x4.splat(quarters(1 + i32(t3 == t2)))));
        if (t3 != t0 && t3 != t1 && t3 != t2)
          colour = f32x4.add(colour, f32x4.mul(shade(t3, cx, cy), f32x4.splat(0.25)));
      }
      const scaled = i32x4.trunc_sat_f32x4_s(
        f32x4.min(f32x4.max(f32x4.mul(colour, f32x4.splat(4095.0 / 1.6)), f32x4.splat(0)), f32x4.splat(4095)));
      store<u8>(out, load<u8>(gamma + i32x4.extract_lane(scaled, 0)));
      store<u8>(out + 1, load<u8>(gamma + i32x4.extract_lane(scaled, 1)));
      store<u8>(out + 2, load<u8>(gamma + i32x4.extract_lane(scaled, 2)));
      out += 3;
    }
  }
}
