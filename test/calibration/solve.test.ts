import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HandEyeViews, solveHandEye } from "../../calibration/hand-eye.js";
import { project } from "../../calibration/project.js";
import { solvePuppet } from "../../calibration/puppet.js";
import { apart, apply, compose, invert, poseOf, turnOf } from "../../calibration/rigid.js";
import { solveTable } from "../../calibration/table.js";
import { boardPoints, type Intrinsics, type RigidPose } from "../../daemon/types/board.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";

const DEGREE = Math.PI / 180;
const BOARD = { columns: 9, rows: 6, square: 0.025 };
const CAMERA: Intrinsics = {
  width: 256,
  height: 256,
  fx: 170,
  fy: 171,
  cx: 127,
  cy: 128,
  distortion: [0.01, 0, 0, 0, 0],
};

/** Repeatable numbers from -1 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const WRIST = poseOf([0.1, -0.2, Math.PI / 2], [-0.08, 0.01, 0.055]);
const PLACE = poseOf([Math.PI, 0, 0], [0.3, 0, 0]);

/** A wrist camera that looks at a board from above, and what it sees, `noise` pixels off. */
function seen(
  count: number,
  noise: number,
  turnAt: (n: () => number) => readonly [number, number, number],
  seed = 1,
): HandEyeViews {
  const n = numbers(seed);
  const wrist = Array.from({ length: count }, () => {
    const before: RigidPose = {
      position: [0.02 * n(), 0.02 * n(), 0.35 + 0.05 * n()],
      rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    };
    const board = compose(before, poseOf(turnAt(n), [0, 0, 0]));
    const flange = compose(PLACE, compose(invert(board), invert(WRIST)));
    const corners = boardPoints(BOARD).map((point) => {
      const [x, y] = project(apply(board, point), CAMERA);
      return [x + noise * n(), y + noise * n()] as const;
    });
    return { flange, corners, board, place: 0 };
  });
  return { board: BOARD, wristCamera: CAMERA, wrist, frontCamera: CAMERA, front: [] };
}

describe("hand and eye from synthetic views", () => {
  for (const seed of [1, 2, 3]) {
    it(`finds the camera within 3 mm and 0.3 degrees at 0.2 pixels of noise, seed ${seed}`, () => {
      const found = solveHandEye(seen(10, 0.2, (n) => [0.4 * n(), 0.4 * n(), 0.5 * n()], seed));
      assert.ok("wrist" in found, JSON.stringify(found));
      const { distance, angle } = apart(found.wrist, WRIST);
      assert.ok(distance < 0.003 && angle < 0.3 * DEGREE, `${distance} m, ${angle / DEGREE} deg`);
    });
  }
  it("makes up for a lens whose focal length is 1 % off, and refuses one that is 5 % off", () => {
    const views = seen(10, 0.1, (n) => [0.4 * n(), 0.4 * n(), 0.5 * n()]);
    const off = (part: number) => ({ ...CAMERA, fx: CAMERA.fx * part, fy: CAMERA.fy * part });
    const found = solveHandEye({ ...views, wristCamera: off(1.01) });
    assert.ok("wrist" in found, JSON.stringify(found));
    const { distance } = apart(found.wrist, WRIST);
    assert.ok(distance < 0.002, `${distance} m`);
    assert.ok(Math.abs(found.focalScale * 1.01 - 1) < 0.003, `${found.focalScale}`);
    const other = solveHandEye({ ...views, wristCamera: off(1.05) });
    assert.ok("reason" in other && other.reason.includes("focal length"), JSON.stringify(other));
  });
  it("refuses poses that turn about one axis only", () => {
    const found = solveHandEye(seen(10, 0.1, (n) => [0, 0, n()]));
    assert.ok("reason" in found && found.reason.includes("one axis"));
  });
  it("refuses too few views", () => {
    const found = solveHandEye(seen(4, 0.1, (n) => [n(), n(), n()]));
    assert.ok("reason" in found && found.reason.includes("4 of at least 6"));
  });
  it("refuses a board that was moved meanwhile", () => {
    const views = seen(10, 0.1, (n) => [0.4 * n(), 0.4 * n(), 0.5 * n()]);
    const shifted = views.wrist.map((view, index) =>
      index < 5
        ? view
        : { ...view, flange: { ...view.flange, position: [view.flange.position[0] + 0.05, 0, 0.3] as const } },
    );
    const found = solveHandEye({ ...views, wrist: shifted });
    assert.ok("reason" in found && found.reason.includes("pixels"));
  });
});

it("a turn survives its rotation, half turns too", () => {
  for (const turn of [
    [0.3, -0.2, 1],
    [Math.PI, 0, 0],
    [0, 0, 0],
    [0, 1e-9, 0],
  ] as const) {
    const { rotation } = poseOf(turn, [0, 0, 0]);
    const again = poseOf(turnOf(rotation), [0, 0, 0]);
    assert.ok(again.rotation.every((value, at) => Math.abs(value - (rotation[at] ?? 9)) < 1e-7));
  }
});

describe("the table", () => {
  const lying = (x: number, y: number, z = 0.003): RigidPose => poseOf([Math.PI, 0, 0], [x, y, z]);
  it("is found under boards that lie on it", () => {
    const found = solveTable(BOARD, 0.003, [lying(0.2, -0.1), lying(0.3, 0.1), lying(0.4, 0)]);
    assert.ok("normal" in found && Math.abs(found.height) < 1e-9 && found.normal[2] > 0.999999);
  });
  it("is refused from boards too near each other, and from one that stood on something", () => {
    const near = solveTable(BOARD, 0.003, [lying(0.2, 0), lying(0.22, 0), lying(0.24, 0)]);
    assert.ok("reason" in near && near.reason.includes("cm apart"));
    const places = [lying(0.2, -0.2), lying(0.2, 0.2), lying(0.4, -0.2), lying(0.4, 0.2, 0.05)];
    const raised = solveTable(BOARD, 0.003, places);
    assert.ok("reason" in raised && raised.reason.includes("off one plane"));
  });
});

describe("the leader", () => {
  const SIGNS: JointVector = [1, -1, 1, 1, -1, 1, -1];
  const ZEROS: JointVector = [0.1, -0.4, 1.2, 2.9, -1, 0.02, -2.5];
  const POSES: readonly JointVector[] = [
    [0, 0.2, 0, 1.3, 0, 1.6, 0],
    [0.6, -0.4, 0.5, 0.7, -0.6, 0.9, 0.8],
  ];
  const raw = (arm: JointVector): JointVector =>
    mapJoints(arm, (angle, joint) => angle * jointAt(SIGNS, joint) + jointAt(ZEROS, joint));
  const readings = (noise: number) => {
    const n = numbers(7);
    const noisy = (v: JointVector): JointVector => mapJoints(v, (value) => value + noise * n());
    return {
      identity: { kind: "realman-leader", serial: "L1", joints: 7 } as const,
      moves: Array.from({ length: 7 }, (_, joint) => ({
        joint,
        before: noisy(ZEROS),
        after: noisy(mapJoints(ZEROS, (value, at) => value + (at === joint ? 0.5 * jointAt(SIGNS, at) : 0))),
      })),
      poses: POSES.map((arm) => ({ arm, leader: noisy(raw(arm)) })),
      gripper: { closed: 0.1, open: 0.9 },
    };
  };
  it("is found within 0.1 degrees of each zero at 0.02 degrees of noise", () => {
    const found = solvePuppet(readings(0.02 * DEGREE));
    assert.ok("calibration" in found, JSON.stringify(found));
    found.calibration.joints.forEach(({ sign, zero }, joint) => {
      assert.equal(sign, jointAt(SIGNS, joint));
      assert.ok(Math.abs(zero - jointAt(ZEROS, joint)) < 0.1 * DEGREE, `J${joint + 1}: ${zero}`);
    });
  });
  it("is refused mirrored, wrapped by a turn, of another joint count, and moved in two joints at once", () => {
    const good = readings(0);
    const [first, second] = good.poses;
    assert.ok(first !== undefined && second !== undefined);
    const wrong = {
      mirrored: {
        ...good,
        moves: good.moves.map((m) => (m.joint === 2 ? { ...m, before: m.after, after: m.before } : m)),
      },
      "whole turn": {
        ...good,
        poses: good.poses.map((p) => ({
          ...p,
          leader: mapJoints(p.leader, (v, at) => (at === 1 ? v + 2 * Math.PI : v)),
        })),
      },
      "6 joints": { ...good, identity: { ...good.identity, joints: 6 } },
      "to turn alone": {
        ...good,
        moves: good.moves.map((m) =>
          m.joint === 0 ? { ...m, after: mapJoints(m.after, (v, at) => (at === 4 ? v + 0.3 : v)) } : m,
        ),
      },
    };
    for (const [words, given] of Object.entries(wrong)) {
      const found = solvePuppet(given);
      assert.ok("reason" in found && found.reason.includes(words), `${words}: ${JSON.stringify(found)}`);
      assert.ok(found.hint.length > 10);
    }
  });
});
