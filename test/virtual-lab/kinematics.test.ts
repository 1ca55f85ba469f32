import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jointPosition } from "../../daemon/types/units.js";
import { flangePose, handPose, straightDown } from "../../drivers/virtual-lab/expert/kinematics.js";
import { Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { centralInertia, RM75_LINKS } from "../../drivers/virtual-lab/scene/rm75-links.js";
import { NOMINAL_SCENE } from "../../drivers/virtual-lab/scene/scene-spec.js";

interface Vectors {
  readonly fk: readonly { readonly joint_deg: readonly number[]; readonly pose_xyz_quat_wxyz: readonly number[] }[];
}

const vectors: Vectors = JSON.parse(readFileSync(projectPath("test", "fixtures", "fk-vectors-rm75b.json"), "utf8"));

/** Rotation of a unit quaternion w x y z, row by row. */
function rotationOf([w = 1, x = 0, y = 0, z = 0]: readonly number[]): readonly number[] {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  ];
}

function near(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  actual.forEach((value, index) => {
    assert.ok(Math.abs(value - (expected[index] ?? Number.NaN)) <= tolerance, `${what}: ${actual} against ${expected}`);
  });
}

describe("the lab's RM75", () => {
  it("has the vendor's flange poses", () => {
    assert.ok(vectors.fk.length >= 40);
    for (const { joint_deg, pose_xyz_quat_wxyz } of vectors.fk) {
      const pose = flangePose(jointPosition(joint_deg.map((value) => (value * Math.PI) / 180)));
      near(pose.position, pose_xyz_quat_wxyz.slice(0, 3), 2e-6, `position at ${joint_deg}`);
      near(pose.rotation, rotationOf(pose_xyz_quat_wxyz.slice(3)), 5e-6, `rotation at ${joint_deg}`);
    }
  });

  it("has the same flange pose in the physics", async () => {
    const q = jointPosition([0.2, 0.3, -0.1, 1.2, 0.2, 1.4, -0.6]);
    const simulation = await Simulation.create(NOMINAL_SCENE, q);
    const flange = simulation.flange();
    const expected = flangePose(simulation.measured());
    near(flange.position, expected.position, 1e-6, "position");
    near(flange.rotation, expected.rotation, 1e-6, "rotation");
    simulation.close();
  });

  it("weighs what the vendor's table says, with inertias that a body can have", () => {
    const moving = RM75_LINKS.reduce((sum, link) => sum + link.mass, 0);
    assert.ok(Math.abs(moving - 5.914) < 1e-9);
    for (const link of RM75_LINKS) {
      const [xx = 0, yy = 0, zz = 0] = centralInertia(link);
      assert.ok(xx > 0 && yy > 0 && zz > 0);
      assert.ok(xx + yy > zz && yy + zz > xx && xx + zz > yy);
    }
  });

  it("stands straight down at home", () => {
    const hand = handPose(HOME);
    near(hand.position, [0.253655, 0, 0.216913], 1e-5, "hand");
    near(straightDown(hand, HOME) ?? [], HOME, 1e-6, "home");
  });

  it("finds the joint position of any hand pose over the table", () => {
    const random = createRandom(3);
    for (let i = 0; i < 200; i += 1) {
      const hand = {
        position: [random.between(0.2, 0.41), random.between(-0.15, 0.15), random.between(0.02, 0.1)],
        yaw: random.between(-1, 1),
      } as const;
      const q = straightDown(hand, HOME);
      if (q === null) {
        assert.ok(Math.hypot(...hand.position) > 0.4, `${hand.position} is within reach`);
        continue;
      }
      const back = handPose(q);
      near(back.position, hand.position, 1e-9, "position");
      near([back.yaw], [hand.yaw], 1e-9, "yaw");
    }
    assert.equal(straightDown({ position: [0.6, 0, 0.1], yaw: 0 }, HOME), null);
  });
});
