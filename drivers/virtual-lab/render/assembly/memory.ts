// Memory is laid out by hand; the host writes geometry and reads pictures through the addresses that raster.ts exports.

export const MAX_VERTICES: i32 = 32768;
export const MAX_TRIANGLES: i32 = 16384;
export const MAX_INSTANCES: i32 = 128;
export const MAX_SCRATCH: i32 = 4096;
export const SIZE: i32 = 256;
export const SAMPLES: i32 = 2 * SIZE;
export const SHADOW: i32 = 768;
export const TILES: i32 = SHADOW / 8;
export const TEXTURE: i32 = 512;
export const NEAR: f32 = 0.015;

/** Model vertex: position 3, normal 3, linear colour 3, instance as i32. */
export const MODEL_BYTES: usize = 40;
/** World vertex: position 4, normal 4, linear colour 4. */
export const WORLD_BYTES: usize = 48;
/** Screen vertex: x, y in samples, 1/depth, depth. */
export const SCREEN_BYTES: usize = 16;
/** Screen triangle: 3 x (A, B, C) barycentric, 3 x 1/depth, 3 x vertex, instance. */
export const FACE_BYTES: usize = 64;
/** Instance: pose 12, specular, textured, casts shadow, unused. */
export const INSTANCE_BYTES: usize = 64;

export const model: usize = (__heap_base + 63) & ~63;
export const triangles: usize = model + <usize>MAX_VERTICES * MODEL_BYTES;
export const instances: usize = triangles + <usize>MAX_TRIANGLES * 12;
export const world: usize = instances + <usize>MAX_INSTANCES * INSTANCE_BYTES;
export const screen: usize = world + <usize>(MAX_VERTICES + MAX_SCRATCH) * WORLD_BYTES;
export const faces: usize = screen + <usize>(MAX_VERTICES + MAX_SCRATCH) * SCREEN_BYTES;
export const depths: usize = faces + <usize>(MAX_TRIANGLES + MAX_SCRATCH) * FACE_BYTES;
export const ids: usize = depths + <usize>(SAMPLES * SAMPLES) * 4;
export const shadow: usize = ids + <usize>(SAMPLES * SAMPLES) * 4;
/** Mip levels 512, 256, 128, 64 of the table's texture: linear r g b as f32, 16 bytes a texel. */
export const texture: usize = shadow + <usize>(SHADOW * SHADOW) * 4;
export const texels: i32 = TEXTURE * TEXTURE + (TEXTURE / 2) * (TEXTURE / 2) + (TEXTURE / 4) * (TEXTURE / 4) + (TEXTURE / 8) * (TEXTURE / 8);
export const gamma: usize = texture + <usize>texels * 16;
/** Nearest-to-light depth of each 8 x 8 texels of the shadow map. */
export const tiles: usize = gamma + 4096;
export const picture: usize = tiles + <usize>(TILES * TILES) * 4;
export const light: usize = picture + <usize>(SIZE * SIZE) * 3;
export const view: usize = (light + 255) & ~63;
export const end: usize = view + 256;

// @ts-ignore: decorator
@inline export function f(at: usize, index: usize): f32 { return load<f32>(at + (index << 2)); }

