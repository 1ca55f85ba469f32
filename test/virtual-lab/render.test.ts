import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { CameraRole } from "../../daemon/types/frame.js";
import { POSE_LENGTH, Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { PICTURE_SIZE, Raster } from "../../drivers/virtual-lab/render/raster.js";
import { readVisuals } from "../../drivers/virtual-lab/render/visuals.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { drawScene, NOMINAL_SCENE, type SceneSpec } from "../../drivers/virtual-lab/scene/scene-spec.js";

/** Hashes of two pictures; they change with the rasteriser, the scene and the geometry. */
const GOLDEN = { front: "a2128c1d6c33a1e0", wrist: "c52ccb3e22d874ae" };

async function picture(scene: SceneSpec, role: CameraRole): Promise<Uint8Array> {
  const simulation = await Simulation.create(scene, HOME);
  const raster = new Raster(readVisuals(simulation, scene));
  const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
  simulation.readPoses(poses);
  raster.place(poses);
  const rgb = Uint8Array.from(raster.render(role, poses));
  simulation.close();
  return rgb;
}

/** Middle (x, y in pixels) and number of the pixels whose colour passes. */
function blob(rgb: Uint8Array, passes: (r: number, g: number, b: number) => boolean) {
  let [count, x, y] = [0, 0, 0];
  for (let pixel = 0; pixel < PICTURE_SIZE * PICTURE_SIZE; pixel += 1) {
    if (passes(rgb[3 * pixel] ?? 0, rgb[3 * pixel + 1] ?? 0, rgb[3 * pixel + 2] ?? 0)) {
      count += 1;
      x += pixel % PICTURE_SIZE;
      y += Math.floor(pixel / PICTURE_SIZE);
    }
  }
  return { count, x: x / count, y: y / count };
}

const isLoaf = (r: number, g: number, b: number): boolean => r > 60 && b > r * 0.8 && g < r * 0.5;
const isCarrot = (r: number, g: number, b: number): boolean => r > 190 && g < 0.62 * r && b < 0.25 * r;
/** A loaf that has no other thing's colour. */
const magenta = { ...NOMINAL_SCENE, colours: { ...NOMINAL_SCENE.colours, bread: [0.9, 0.1, 0.9] as const } };

describe("the rasteriser", () => {
  it("gives the same bytes in every run", async () => {
    for (const role of ["front", "wrist"] as const) {
      const scene = drawScene(11, "move-bread");
      const digest = createHash("sha256")
        .update(await picture(scene, role))
        .digest("hex")
        .slice(0, 16);
      assert.equal(digest, GOLDEN[role]);
    }
  });

  it("shows what lies towards +y at the front camera's right and what lies towards it further down", async () => {
    const middle = blob(await picture({ ...magenta, bread: { x: 0.26, y: 0, yaw: 0 } }, "front"), isLoaf);
    const right = blob(await picture({ ...magenta, bread: { x: 0.26, y: 0.08, yaw: 0 } }, "front"), isLoaf);
    const near = blob(await picture({ ...magenta, bread: { x: 0.34, y: 0, yaw: 0 } }, "front"), isLoaf);
    assert.ok(middle.count > 150);
    assert.ok(Math.abs(middle.x - PICTURE_SIZE / 2) < 3);
    assert.ok(right.x > middle.x + 15 && Math.abs(right.y - middle.y) < 3);
    assert.ok(near.y > middle.y + 15 && near.count > middle.count);
  });

  it("shows the loaf large and between the fingers in the wrist camera", async () => {
    const loaf = blob(await picture({ ...magenta, bread: { x: 0.26, y: 0, yaw: 0 } }, "wrist"), isLoaf);
    assert.ok(loaf.count > 900, `${loaf.count} pixels`);
    assert.ok(Math.abs(loaf.x - PICTURE_SIZE / 2) < 6);
    assert.ok(loaf.y > 40 && loaf.y < 200);
  });

  it("casts the shadow of the arm away from the light", async () => {
    const lit = (direction: readonly [number, number, number]): SceneSpec => ({
      ...NOMINAL_SCENE,
      colours: { ...NOMINAL_SCENE.colours, table: [0.9, 0.9, 0.9] },
      light: { ...NOMINAL_SCENE.light, direction },
    });
    const dark = (rgb: Uint8Array): number => {
      const below = rgb.subarray(3 * PICTURE_SIZE * 100);
      let [left, right] = [0, 0];
      for (let pixel = 0; pixel < below.length / 3; pixel += 1) {
        const column = pixel % PICTURE_SIZE;
        const value = below[3 * pixel] ?? 0;
        left += column < 90 ? value : 0;
        right += column > 165 ? value : 0;
      }
      return left - right;
    };
    const fromRight = dark(await picture(lit([0, 0.7, 1]), "front"));
    const fromLeft = dark(await picture(lit([0, -0.7, 1]), "front"));
    assert.ok(fromRight < fromLeft, "a light at the right leaves the left side darker");
  });

  it("draws the carrot's upper end with its leaf", async () => {
    const carrot = blob(await picture(NOMINAL_SCENE, "front"), isCarrot);
    const leaf = blob(await picture(NOMINAL_SCENE, "front"), (r, g, b) => g > r * 1.25 && g > b * 1.4);
    assert.ok(carrot.count > 80 && leaf.count > 3);
    assert.ok(leaf.y > carrot.y, "yaw 0.5 turns the upper end towards the camera");
  });
});
