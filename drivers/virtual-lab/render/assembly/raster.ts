// The rasteriser: world vertices, one shadow map, visibility at 2 x 2 samples a pixel, then shading.
// Single precision throughout and no relaxed SIMD, so a frame is bit-identical on every machine.
// Memory is laid out by hand; the host writes geometry and reads pictures through the exported addresses.

const MAX_VERTICES: i32 = 32768;
const MAX_TRIANGLES: i32 = 16384;
const MAX_INSTANCES: i32 = 128;
const MAX_SCRATCH: i32 = 4096;
const SIZE: i32 = 256;
const SAMPLES: i32 = 2 * SIZE;
const SHADOW: i32 = 768;
const TILES: i32 = SHADOW / 8;
const TEXTURE: i32 = 512;
const NEAR: f32 = 0.015;

/** Model vertex: position 3, normal 3, linear colour 3, instance as i32. */
const MODEL_BYTES: usize = 40;
/** World vertex: position 4, normal 4, linear colour 4. */
const WORLD_BYTES: usize = 48;
/** Screen vertex: x, y in samples, 1/depth, depth. */
const SCREEN_BYTES: usize = 16;
/** Screen triangle: 3 x (A, B, C) barycentric, 3 x 1/depth, 3 x vertex, instance. */
const FACE_BYTES: usize = 64;
/** Instance: pose 12, specular, textured, casts shadow, unused. */
const INSTANCE_BYTES: usize = 64;

const model: usize = (__heap_base + 63) & ~63;
const triangles: usize = model + <usize>MAX_VERTICES * MODEL_BYTES;
const instances: usize = triangles + <usize>MAX_TRIANGLES * 12;
const world: usize = instances + <usize>MAX_INSTANCES * INSTANCE_BYTES;
const screen: usize = world + <usize>(MAX_VERTICES + MAX_SCRATCH) * WORLD_BYTES;
const faces: usize = screen + <usize>(MAX_VERTICES + MAX_SCRATCH) * SCREEN_BYTES;
const depths: usize = faces + <usize>(MAX_TRIANGLES + MAX_SCRATCH) * FACE_BYTES;
const ids: usize = depths + <usize>(SAMPLES * SAMPLES) * 4;
const shadow: usize = ids + <usize>(SAMPLES * SAMPLES) * 4;
/** Mip levels 512, 256, 128, 64 of the table's texture: linear r g b as f32, 16 bytes a texel. */
const texture: usize = shadow + <usize>(SHADOW * SHADOW) * 4;
const texels: i32 = TEXTURE * TEXTURE + (TEXTURE / 2) * (TEXTURE / 2) + (TEXTURE / 4) * (TEXTURE / 4) + (TEXTURE / 8) * (TEXTURE / 8);
const gamma: usize = texture + <usize>texels * 16;
/** Nearest-to-light depth of each 8 x 8 texels of the shadow map. */
const tiles: usize = gamma + 4096;
const picture: usize = tiles + <usize>(TILES * TILES) * 4;
const light: usize = picture + <usize>(SIZE * SIZE) * 3;
const view: usize = (light + 255) & ~63;
const end: usize = view + 256;

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

// @ts-ignore: decorator
@inline function f(at: usize, index: usize): f32 { return load<f32>(at + (index << 2)); }

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

/** Writes a screen triangle; false when it faces away or has no area. */
function prepare(face: usize, i0: i32, i1: i32, i2: i32, instance: i32): bool {
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
function fill(face: usize, buffer: usize, marks: usize, width: i32, id: i32, mark: bool): void {
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
function shade(id: i32, x: f32, y: f32): v128 {
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
