import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { handle, placeOf } from "../../drivers/virtual-lab/expert/handling.js";
import { straightDown } from "../../drivers/virtual-lab/expert/kinematics.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { CARROT, PLATE } from "../../drivers/virtual-lab/scene/meshes.js";
import type { ObjectPose } from "../../drivers/virtual-lab/scene/object-pose.js";
import { drawScene, type SceneSpec, type TablePose } from "../../drivers/virtual-lab/scene/scene-spec.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";
import { cross, dot, normalise, subtract, type Vector3 } from "../../drivers/virtual-lab/scene/vector.js";

const SEEDS = Array.from({ length: 500 }, (_, seed) => seed);
const lying = ({ x, y, yaw }: TablePose, z: number): ObjectPose => ({
  position: [x, y, z],
  quaternion: [Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)],
  speed: 0,
});

/** Points along the carrot, from its tip to the end of its leaves. */
function carrotPoints({ carrot }: SceneSpec): readonly Vector3[] {
  return [-CARROT.length / 2, 0, CARROT.length / 2, CARROT.length / 2 + 0.014].map((along) => [
    carrot.x + along * Math.cos(carrot.yaw),
    carrot.y + along * Math.sin(carrot.yaw),
    CARROT.upperRadius,
  ]);
}

/** Where the front camera sees a point: -1 to 1 from edge to edge, right and up. */
function inFrontPicture({ frontCamera }: SceneSpec, point: Vector3): readonly [number, number] {
  const { position, target, fieldOfView } = frontCamera;
  const ahead = normalise(subtract(target, position));
  const right = normalise(cross(ahead, [0, 0, 1]));
  const way = subtract(point, position);
  const half = dot(way, ahead) * Math.tan((fieldOfView * Math.PI) / 360);
  return [dot(way, right) / half, dot(way, cross(right, ahead)) / half];
}

describe("the table of a bread trial", () => {
  it("is drawn as it was when present bundles were trained", () => {
    const digest = createHash("sha256");
    for (let seed = 0; seed < 2000; seed += 1) {
      // Bundles were trained before there was a board that could be put into a scene.
      const { board, ...drawn } = drawScene(seed, "move-bread");
      assert.equal(board, null);
      digest.update(JSON.stringify(drawn));
    }
    assert.equal(digest.digest("hex").slice(0, 16), "8935e60e3827c55d");
  });
});

describe("the table of a carrot trial", () => {
  const scenes = SEEDS.map((seed) => drawScene(seed, "place-carrot"));

  it("has carrot, plate and bread apart", () => {
    for (const scene of scenes) {
      const { plate, bread } = scene;
      for (const [x, y] of carrotPoints(scene)) {
        assert.ok(Math.hypot(x - plate.x, y - plate.y) > PLATE.radius + 0.02);
      }
      assert.ok(Math.hypot(bread.x - plate.x, bread.y - plate.y) > PLATE.radius + 0.055);
    }
  });

  it("has both parts of the carrot and both sides of the plate in reach, low and high", () => {
    for (const scene of scenes) {
      const objects = {
        bread: lying(scene.bread, 0.023),
        carrot: lying(scene.carrot, 0.013),
        plate: lying(scene.plate, 0),
      };
      for (const task of TASKS.filter(({ kind }) => kind === "place-carrot")) {
        const handling = handle(task, objects, 0);
        for (const { position, yaw } of [handling.grasp, placeOf(task, handling, handling.grasp)]) {
          for (const height of [0, 0.09]) {
            const [x, y, z] = position;
            assert.ok(straightDown({ position: [x, y, z + height], yaw }, HOME) !== null);
          }
        }
      }
    }
  });

  it("has carrot and plate wholly in the front picture", () => {
    for (const scene of scenes) {
      const { x, y } = scene.plate;
      const rim: readonly Vector3[] = [0, 1, 2, 3].map((quarter) => [
        x + PLATE.radius * Math.cos((quarter * Math.PI) / 2),
        y + PLATE.radius * Math.sin((quarter * Math.PI) / 2),
        PLATE.rim,
      ]);
      for (const point of [...carrotPoints(scene), ...rim]) {
        assert.ok(inFrontPicture(scene, point).every((part) => Math.abs(part) < 0.97));
      }
    }
  });
});
