import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { flangePose } from "../../daemon/motion/kinematics.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jointPosition } from "../../daemon/types/units.js";

interface Vectors {
  readonly fk: readonly { readonly joint_deg: readonly number[]; readonly pose_xyz_quat_wxyz: readonly number[] }[];
}

const vectors: Vectors = JSON.parse(readFileSync(projectPath("test", "fixtures", "fk-vectors-rm75b.json"), "utf8"));

function rotationOf([w = 0, x = 0, y = 0, z = 0]: readonly number[]): number[] {
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

function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  for (const [index, value] of expected.entries()) {
    assert.ok(Math.abs((actual[index] ?? Number.NaN) - value) <= tolerance, `${what}: ${actual} is not ${expected}`);
  }
}

describe("flange pose", () => {
  it("agrees with the vendor's algorithm library in every published vector", () => {
    assert.equal(vectors.fk.length, 40);
    for (const { joint_deg, pose_xyz_quat_wxyz } of vectors.fk) {
      const pose = flangePose(jointPosition(joint_deg.map((angle) => (angle * Math.PI) / 180)));
      // The vectors have six decimals.
      assertNear(pose.position, pose_xyz_quat_wxyz.slice(0, 3), 2e-6, `position at ${joint_deg}`);
      assertNear(pose.rotation, rotationOf(pose_xyz_quat_wxyz.slice(3)), 4e-6, `rotation at ${joint_deg}`);
    }
  });
});
