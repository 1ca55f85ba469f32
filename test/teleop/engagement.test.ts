import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flangePose } from "../../daemon/motion/kinematics.js";
import { type Alignment, aligned, farthest, isAligned } from "../../daemon/teleop/alignment.js";
import { unfitLeader } from "../../daemon/teleop/calibrated.js";
import { decayed, engagedAt, led, NO_OFFSET } from "../../daemon/teleop/clutch.js";
import { gripperWish, HANDLE_AT_REST, handled } from "../../daemon/teleop/handle.js";
import type { LeaderPose } from "../../daemon/teleop/leader-pose.js";
import { isSignTested, type SignTest, signTestAsks, signTested, UNTESTED } from "../../daemon/teleop/sign-test.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { apart, CALIBRATION, DEGREE, LEADER, turned } from "./leader.js";

const { leader: limits } = LIMITS;
const POSE: JointVector = [0.1, -0.4, 0.2, 1.6, -0.3, 1.8, 0.5];
const STILL: JointVector = [0, 0, 0, 0, 0, 0, 0];
const at = (q: JointVector, v = STILL): LeaderPose => ({ at: 1, raw: q, q, v, from: { at: 1, q } });

describe("OP-07: alignment", () => {
  const judge = (row: readonly LeaderPose[], from = 10): Alignment =>
    row.reduce<Alignment | null>(
      (before, pose, index) => aligned(before, pose, POSE, from + index * 0.01, limits),
      null,
    ) ?? assert.fail();

  it("within 3 degrees and slow for half a second may lead; a moment less may not", () => {
    const near = at(turned(POSE, 3, 2.9));
    const long = judge(Array.from({ length: 60 }, () => near));
    assert.equal(long.since, 10);
    assert.ok(isAligned(long, 10.5, limits));
    assert.ok(!isAligned(long, 10.49, limits));
  });

  for (const [what, pose] of [
    ["3.1 degrees off in one joint", at(turned(POSE, 6, -3.1))],
    ["at 5 degrees a second in one joint", at(POSE, turned(STILL, 2, 5))],
    ["no number", at(turned(POSE, 1, Number.NaN))],
  ] as const) {
    it(`begins anew when it is ${what}`, () => {
      const { since } = judge([at(POSE), at(POSE), pose]);
      assert.equal(since, Infinity);
      assert.ok(judge([at(POSE), pose, at(POSE)]).since > 10.01);
    });
  }

  it("tells each joint's difference and which is the farthest", () => {
    const { differences } = judge([at(turned(turned(POSE, 3, -20), 1, 4))]);
    assert.ok(Math.abs(jointAt(differences, 3) / DEGREE + 20) < 1e-9);
    assert.equal(farthest(differences).joint, 3);
    assert.equal(farthest([0, Number.NaN, 1, 0, 0, 0, 0]).joint, 1);
  });
});

describe("OP-07: the clutch", () => {
  it("goes on from where the arm is, and lets the offset decay at 10 degrees a second at most", () => {
    const leader = turned(turned(POSE, 0, 30), 4, -15);
    let offset = engagedAt(leader, POSE);
    let before = mapJoints(leader, (angle, joint) => angle + jointAt(offset, joint));
    assert.ok(apart(before, POSE) < 1e-12);
    for (let tick = 1; tick <= 300; tick++) {
      offset = decayed(offset, limits.clutch, 0.01);
      const target = mapJoints(leader, (angle, joint) => angle + jointAt(offset, joint));
      assert.ok(apart(before, target) <= 10 * DEGREE * 0.01 + 1e-12, `tick ${tick}`);
      before = target;
    }
    assert.deepEqual(offset, NO_OFFSET);
  });

  it("slips when the leader is more than 12 degrees ahead, and keeps what slipped as its offset", () => {
    const { target, offset } = led(turned(POSE, 2, 40), NO_OFFSET, POSE, limits);
    assert.ok(Math.abs((jointAt(target, 2) - POSE[2]) / DEGREE - 12) < 1e-9);
    assert.ok(Math.abs(jointAt(offset, 2) / DEGREE + 28) < 1e-9);
    const near = led(turned(POSE, 2, 11.9), NO_OFFSET, POSE, limits);
    assert.equal(near.offset, NO_OFFSET);
  });
});

describe("the handle", () => {
  const { gripper } = CALIBRATION;
  const raw = (part: number): number => gripper.closed + part * (gripper.open - gripper.closed);
  const after = (parts: readonly number[], opening: number) =>
    parts.reduce((handle, part) => handled(handle, raw(part), gripper, opening), HANDLE_AT_REST);

  it("switches with hysteresis", () => {
    assert.equal(gripperWish(after([0.9], 1)), 1);
    assert.equal(gripperWish(after([0.9, 0.4], 1)), 1);
    assert.equal(gripperWish(after([0.9, 0.34], 1)), 0);
    assert.equal(gripperWish(after([0.9, 0.3, 0.6], 1)), 0);
    assert.equal(gripperWish(after([0.9, 0.3, 0.66], 1)), 1);
  });

  it("lets a gripper that holds something go only once it was moved", () => {
    assert.equal(gripperWish(after([1, 1, 0.9], 0)), null);
    assert.equal(gripperWish(after([1, 0.2, 0.1], 0)), 0);
    assert.equal(gripperWish(after([1, 0.2, 0.9], 0)), 1);
    assert.equal(gripperWish(after([0.5], 0)), null);
    assert.equal(gripperWish(after([1], Number.NaN)), null);
  });
});

describe("OP-10: sign test", () => {
  /** Turns joint after joint as a hand does: there in small steps, with a rest before. */
  function turn(test: SignTest, joint: number, degrees: number): SignTest {
    let now = signTested(test, at(POSE), limits);
    for (let step = 1; step <= 10; step++) {
      const pose = at(turned(POSE, joint, (degrees * step) / 10), turned(STILL, joint, 20));
      now = signTested(now, pose, limits);
    }
    return now;
  }

  it("is passed once each joint went its way when it was asked to", () => {
    let test = UNTESTED;
    for (let joint = 0; joint < 7; joint++) {
      assert.ok(!isSignTested(test));
      assert.match(signTestAsks(test), new RegExp(`joint ${joint + 1} `));
      test = turn(test, joint, 3);
    }
    assert.ok(isSignTested(test));
    assert.deepEqual(turn(test, 3, -5), test);
  });

  it("finds a mirrored joint, and another try does not make it good", () => {
    const third = turn(turn(UNTESTED, 0, 3), 1, 3);
    const found = turn(third, 2, -3);
    assert.equal(found.mirrored, 2);
    assert.ok(!isSignTested(turn(found, 2, 3)));
  });

  it("asks again when another joint was turned, and is not moved by less than 2 degrees", () => {
    assert.deepEqual(turn(UNTESTED, 4, 9), { joint: 0, from: null, mirrored: null });
    assert.equal(turn(UNTESTED, 0, 1.9).joint, 0);
    assert.equal(turn(UNTESTED, 0, -1.9).mirrored, null);
  });

  it("begins with a leader that stands still", () => {
    assert.equal(signTested(UNTESTED, at(POSE, turned(STILL, 3, 6)), limits).from, null);
  });

  // The words of the test: what a person sees when each joint of the arm turns the way it is counted.
  it("asks for the way in which the arm's own joints are counted", () => {
    const upright = (joint: number): JointVector => turned(STILL, joint, 10);
    for (const joint of [1, 3, 5]) {
      assert.ok(jointAt(flangePose(upright(joint)).position as unknown as JointVector, 0) > 0.005, `J${joint + 1}`);
    }
    for (const joint of [0, 2, 4, 6]) {
      // Counter-clockwise about the vertical: the second column of the rotation's first row falls below zero.
      const [, xy, , yx] = flangePose(upright(joint)).rotation;
      const [, flat, , across] = flangePose(STILL).rotation;
      assert.ok(yx - across > 0.1 && xy - flat < -0.1, `J${joint + 1} ${yx} ${xy}`);
    }
  });
});

describe("OP-10: the calibration", () => {
  it("of this leader may be used", () => {
    assert.equal(unfitLeader(LEADER, CALIBRATION), null);
  });

  for (const [what, leader, calibration, words] of [
    ["another serial number", { ...LEADER, serial: "X" }, CALIBRATION, /is of dynamixel-leader FT7WBAX1/],
    ["another kind", { ...LEADER, kind: "realman-leader" }, CALIBRATION, /calibrate this one/],
    ["six joints", { ...LEADER, joints: 6 }, CALIBRATION, /has 6 joints/],
    ["joints that are missing", LEADER, { ...CALIBRATION, joints: CALIBRATION.joints.slice(1) }, /none for joint 7/],
    [
      "a scale that is a mistake of units",
      LEADER,
      { ...CALIBRATION, joints: CALIBRATION.joints.map((joint) => ({ ...joint, scale: 57.3 })) },
      /none for joint 1/,
    ],
    ["a handle without a way", LEADER, { ...CALIBRATION, gripper: { closed: 1, open: 1 } }, /handle/],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.match(unfitLeader(leader, calibration) ?? "", words);
    });
  }
});
