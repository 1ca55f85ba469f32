import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { projectPath } from "../../daemon/ports/project-path.js";
import {
  between,
  forward,
  fromEuler,
  fromQuaternion,
  inverse,
  toEuler,
  toQuaternion,
} from "../../drivers/virtual-lab/controller/kinematics.js";
import { degrees } from "./controller-client.js";

interface Vector {
  readonly joint_deg: readonly number[];
  readonly pose_xyz_quat_wxyz: readonly number[];
}

const file = projectPath("test", "fixtures", "fk-vectors-rm75b.json");
const { fk }: { fk: readonly Vector[] } = JSON.parse(readFileSync(file, "utf8"));

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}

describe("kinematics of the virtual arm", () => {
  it("are those of the vendor's library", () => {
    assert.ok(fk.length >= 40);
    for (const { joint_deg: joints, pose_xyz_quat_wxyz: quaternion } of fk) {
      const { position, rotation } = forward(degrees(...joints));
      assert.ok(distance(position, quaternion.slice(0, 3)) < 2e-6, joints.join());
      assert.ok(distance(rotation, fromQuaternion(quaternion.slice(3))) < 5e-6, joints.join());
      const [rx = 0, ry = 0, rz = 0] = toEuler(rotation);
      assert.ok(distance(rotation, fromEuler(rx, ry, rz)) < 1e-6, joints.join());
      const ours = toQuaternion(rotation);
      const sign = Math.sign(ours.reduce((sum, value, i) => sum + value * (quaternion[i + 3] ?? 0), 0));
      assert.ok(
        distance(
          ours.map((value) => value * sign),
          quaternion.slice(3),
        ) < 5e-6,
        joints.join(),
      );
    }
  });

  it("have the vendor's Euler angles", () => {
    const turned = toEuler(forward(degrees(10, 20, 30, 40, 50, 60, 70)).rotation);
    assert.ok(distance(turned, [1.666864, -0.495729, 2.958711]) < 1e-5);
  });

  it("come back from Euler angles", () => {
    const angle = fc.double({ min: -1.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(angle, angle, angle, (rx, ry, rz) => {
        assert.ok(distance(toEuler(fromEuler(rx, ry, rz)), [rx, ry, rz]) < 1e-9);
      }),
    );
  });

  it("can be inverted near a pose, and tell when they cannot", () => {
    const seed = degrees(0, -20, 0, 95, 0, 105, 0);
    const shift = fc.double({ min: -0.06, max: 0.06, noNaN: true });
    fc.assert(
      fc.property(shift, shift, shift, (x, y, z) => {
        const { position, rotation } = forward(seed);
        const goal = { position: position.map((value, i) => value + ([x, y, z][i] ?? 0)), rotation };
        const q = inverse(goal, seed);
        assert.ok(q);
        assert.ok(distance(forward(q).position, goal.position) < 1e-6);
        assert.ok(distance(forward(q).rotation, goal.rotation) < 1e-6);
      }),
      { numRuns: 50 },
    );
    assert.equal(inverse({ ...forward(seed), position: [2, 0, 0] }, seed), null);
  });

  it("go straight between two poses", () => {
    const [from, to] = [forward(degrees(0, 30, 0, 60, 0, 90, 0)), forward(degrees(20, 40, 0, 50, 10, 80, 0))];
    assert.ok(distance(between(from, to, 0).rotation, from.rotation) < 1e-12);
    assert.ok(distance(between(from, to, 1).rotation, to.rotation) < 1e-9);
    const middle = between(from, to, 0.5).position;
    middle.forEach((value, i) => {
      assert.ok(Math.abs(value - ((from.position[i] ?? 0) + (to.position[i] ?? 0)) / 2) < 1e-12);
    });
  });
});
