import { readFileSync } from "node:fs";
import { projectPath } from "../../../daemon/ports/project-path.js";
import type { CameraRole } from "../../../daemon/types/frame.js";
import { POSE_LENGTH } from "../physics/simulation.js";
import { cross, normalise, scale, type Vector3 } from "../scene/vector.js";
import { CORNER_LENGTH, type Visuals } from "./visuals.js";
import { TEXTURE_SIZE } from "./wood.js";

/** Pixels along each side of a picture. */
export const PICTURE_SIZE = 256;

/** What `assembly/raster.ts` exports. */
interface RasterModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(): void;
  modelAddress(): number;
  triangleAddress(): number;
  instanceAddress(): number;
  textureAddress(): number;
  pictureAddress(): number;
  lightAddress(): number;
  viewAddress(): number;
  maxVertices(): number;
  maxTriangles(): number;
  maxInstances(): number;
  textureSize(): number;
  pictureSize(): number;
  setCounts(vertices: number, triangles: number): void;
  transform(): void;
  castShadows(): void;
  render(): void;
}

/** Shadow map: its side in texels, the part of the table that it covers (m), and that part's centre. */
const SHADOW_TEXELS = 768;
const SHADOW_SPAN = 1.25;
const SHADOW_CENTRE: Vector3 = [0.25, 0, 0.2];

/** The part of Node's WebAssembly that is used; its types come with the browser's, which are not loaded. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Numbers equal corners alike, so that each is transformed once: corner to vertex, and one corner of each vertex. */
function withoutRepeats(corners: Float32Array): { readonly order: Int32Array; readonly distinct: readonly number[] } {
  const bits = new Int32Array(corners.buffer, corners.byteOffset, corners.length);
  const count = corners.length / CORNER_LENGTH;
  const order = new Int32Array(count);
  const distinct: number[] = [];
  const mask = 2 ** Math.ceil(Math.log2(2 * count)) - 1;
  const table = new Int32Array(mask + 1).fill(-1);
  const equal = (a: number, b: number): boolean => {
    for (let i = 0; i < CORNER_LENGTH; i += 1) {
      if (bits[a * CORNER_LENGTH + i] !== bits[b * CORNER_LENGTH + i]) {
        return false;
      }
    }
    return true;
  };
  for (let corner = 0; corner < count; corner += 1) {
    let hash = 0;
    for (let i = 0; i < CORNER_LENGTH; i += 1) {
      hash = Math.imul(hash ^ (bits[corner * CORNER_LENGTH + i] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    let slot = hash & mask;
    for (;;) {
      const vertex = table[slot] ?? -1;
      if (vertex < 0) {
        table[slot] = distinct.length;
        order[corner] = distinct.length;
        distinct.push(corner);
        break;
      }
      if (equal(distinct[vertex] ?? 0, corner)) {
        order[corner] = vertex;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return { order, distinct };
}

let compiled: object | undefined;

/** Draws one scene from its two cameras; equal poses give equal pictures bit by bit. */
export class Raster {
  readonly #module: RasterModule;
  readonly #visuals: Visuals;

  constructor(visuals: Visuals) {
    compiled ??= new WebAssembly.Module(
      readFileSync(projectPath("dist", "drivers", "virtual-lab", "render", "raster.wasm")),
    );
    this.#module = new WebAssembly.Instance(compiled).exports as RasterModule;
    this.#visuals = visuals;
    this.#module.init();
    this.#loadGeometry();
    this.#loadTexture();
    this.#loadLight();
  }

  #floats(address: number, count: number): Float32Array {
    return new Float32Array(this.#module.memory.buffer, address, count);
  }

  #loadGeometry(): void {
    const { corners, instances } = this.#visuals;
    const model = this.#floats(this.#module.modelAddress(), this.#module.maxVertices() * CORNER_LENGTH);
    const numbers = new Int32Array(model.buffer, model.byteOffset, model.length);
    const count = corners.length / CORNER_LENGTH;
    if (count > 3 * this.#module.maxTriangles() || instances.length > this.#module.maxInstances()) {
      throw new RangeError(`the scene has ${count} corners and ${instances.length} instances, more than can be drawn`);
    }
    const { order, distinct } = withoutRepeats(corners);
    if (distinct.length > this.#module.maxVertices()) {
      throw new RangeError(`the scene has ${distinct.length} vertices, more than can be drawn`);
    }
    new Int32Array(model.buffer, this.#module.triangleAddress(), count).set(order);
    distinct.forEach((corner, vertex) => {
      model.set(corners.subarray(corner * CORNER_LENGTH, (corner + 1) * CORNER_LENGTH), vertex * CORNER_LENGTH);
      numbers[vertex * CORNER_LENGTH + 9] = corners[corner * CORNER_LENGTH + 9] ?? 0;
    });
    this.#module.setCounts(distinct.length, count / 3);
    const looks = this.#floats(this.#module.instanceAddress(), instances.length * 16);
    instances.forEach((instance, index) => {
      looks.set([instance.gloss, instance.textured ? 1 : 0, instance.castsShadow ? 1 : 0, 0], index * 16 + 12);
    });
  }

  /** Writes the table's texture and three halvings of it. */
  #loadTexture(): void {
    let size = TEXTURE_SIZE;
    let level = this.#visuals.tableTexture;
    let address = this.#module.textureAddress();
    for (;;) {
      const texels = this.#floats(address, size * size * 4);
      for (let i = 0; i < size * size; i += 1) {
        texels.set(level.subarray(3 * i, 3 * i + 3), 4 * i);
      }
      if (size === TEXTURE_SIZE / 8) {
        return;
      }
      address += size * size * 16;
      const half = new Float32Array((size * size * 3) / 4);
      for (let i = 0; i < half.length; i += 1) {
        const channel = i % 3;
        const column = Math.floor(i / 3) % (size / 2);
        const row = Math.floor(i / 3 / (size / 2));
        const at = 3 * (2 * row * size + 2 * column) + channel;
        half[i] =
          ((level[at] ?? 0) + (level[at + 3] ?? 0) + (level[at + 3 * size] ?? 0) + (level[at + 3 * size + 3] ?? 0)) / 4;
      }
      level = half;
      size /= 2;
    }
  }

  #loadLight(): void {
    const { light, background } = this.#visuals;
    const direction = normalise(light.direction);
    const warm: Vector3 = [light.warmth, 1, 1 / light.warmth];
    const tinted = (level: number): Vector3 => scale(warm, level);
    const x = normalise(cross([0, 1, 0], direction));
    const y = cross(x, direction);
    const texels = SHADOW_TEXELS / SHADOW_SPAN;
    const axis = (v: Vector3, k: number, middle: number): readonly number[] => [
      ...scale(v, k),
      middle - k * (v[0] * SHADOW_CENTRE[0] + v[1] * SHADOW_CENTRE[1] + v[2] * SHADOW_CENTRE[2]),
    ];
    const into = this.#floats(this.#module.lightAddress(), 40);
    const put = (at: number, values: readonly number[]): void => into.set(values, at);
    into.fill(0);
    put(0, direction);
    put(4, tinted(0.72 * light.intensity));
    put(8, scale([0.34, 0.36, 0.39], light.ambient));
    put(12, scale([0.2, 0.17, 0.14], light.ambient));
    // A weak light from the front camera's side keeps what faces it from going dark.
    put(16, normalise([1, 0.2, 0.55]));
    put(20, scale([0.2, 0.2, 0.2], light.ambient));
    put(24, axis(x, texels, SHADOW_TEXELS / 2));
    put(28, axis(y, texels, SHADOW_TEXELS / 2));
    put(32, axis(direction, 1, 0));
    put(36, background);
  }

  /** Places everything; `poses` as `Simulation.readPoses` wrote them. */
  place(poses: Float32Array): void {
    const looks = this.#floats(this.#module.instanceAddress(), this.#visuals.instances.length * 16);
    this.#visuals.instances.forEach((instance, index) => {
      looks.set(poses.subarray(instance.pose * POSE_LENGTH, (instance.pose + 1) * POSE_LENGTH), index * 16);
    });
    this.#module.transform();
    this.#module.castShadows();
  }

  /** The picture of one camera after `place(poses)`: RGB bytes, valid until the next call. */
  render(role: CameraRole, poses: Float32Array): Uint8Array {
    const order = role === "front" ? 0 : 1;
    const from = (this.#visuals.poseCount - 2 + order) * POSE_LENGTH;
    const pose = (index: number): number => poses[from + index] ?? 0;
    const view = this.#floats(this.#module.viewAddress(), 17);
    for (let row = 0; row < 3; row += 1) {
      view[row] = pose(4 * row);
      view[4 + row] = -pose(4 * row + 1);
      view[8 + row] = -pose(4 * row + 2);
      view[12 + row] = pose(4 * row + 3);
    }
    view[16] = PICTURE_SIZE / Math.tan(this.#visuals.fieldsOfView[order] / 2);
    this.#module.render();
    return new Uint8Array(this.#module.memory.buffer, this.#module.pictureAddress(), PICTURE_SIZE * PICTURE_SIZE * 3);
  }
}
