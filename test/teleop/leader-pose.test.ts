import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isSameReading, leaderPose, leaderStep } from "../../daemon/teleop/leader-pose.js";
import { type JointVector, mapJoints } from "../../daemon/types/units.js";
import { apart, CALIBRATION, DEGREE, posesOf, readAt, reading, turned } from "./leader.js";

const POSE: JointVector = [0.1, -0.4, 0.2, 1.6, -0.3, 1.8, 0.5];
const angle = fc.double({ min: -3, max: 3, noNaN: true });
const pose = fc.tuple(angle, angle, angle, angle, angle, angle, angle);

describe("the pose of a leader", () => {
  it("is the arm's pose by sign, zero and scale, wherever it stands", () => {
    fc.assert(
      fc.property(pose, (q) => {
        assert.ok(apart(leaderPose(reading(q, 1), CALIBRATION, null, q).q, q) < 1e-9);
      }),
    );
  });

  it("does not depend on whole turns of an encoder, at its start and on its way", () => {
    const turns = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 14, maxLength: 14 });
    fc.assert(
      fc.property(turns, (shifts) => {
        const wound = (q: JointVector, from: number): JointVector =>
          mapJoints(readAt(q), (value, joint) => value + 2 * Math.PI * (shifts[from + joint] ?? 0));
        const first = leaderPose(reading(POSE, 1, { angles: wound(POSE, 0) }), CALIBRATION, null, POSE);
        const next = turned(POSE, 3, 2);
        const second = leaderPose(reading(next, 1.01, { angles: wound(next, 7) }), CALIBRATION, first, POSE);
        assert.ok(apart(first.q, POSE) < 1e-9 && apart(second.q, next) < 1e-9);
      }),
    );
  });

  it("is followed through the wrap of a single-turn encoder", () => {
    const wrapped = (value: number): number => value - 2 * Math.PI * Math.round(value / (2 * Math.PI));
    let before = leaderPose(reading(POSE, 1), CALIBRATION, null, POSE);
    for (let step = 1; step <= 200; step++) {
      const q = turned(POSE, 0, step);
      const angles = mapJoints(readAt(q), wrapped);
      const next = leaderPose(reading(q, 1 + step * 0.01, { angles }), CALIBRATION, before, POSE);
      assert.ok(apart(next.q, q) < 1e-9, `at ${step} degrees`);
      assert.ok(leaderStep(before, next).distance < 1.01 * DEGREE);
      before = next;
    }
  });

  it("knows its speed, and the step from reading to reading", () => {
    const moving = posesOf(Array.from({ length: 60 }, (_, index) => turned(POSE, 2, index * 0.3)));
    assert.ok(Math.abs((moving.v[2] ?? 0) / DEGREE - 30) < 0.1);
    assert.ok(Math.abs(moving.v[1]) < 1e-9);
    const glitch = leaderPose(reading(turned(POSE, 2, 30), 1.6), CALIBRATION, posesOf([POSE]), POSE);
    assert.ok(Math.abs(leaderStep(posesOf([POSE]), glitch).distance / DEGREE - 30) < 1e-6);
  });

  it("two readings that came together on a loaded host are no fast step", () => {
    const first = posesOf([POSE]);
    const next = leaderPose(reading(turned(POSE, 0, 1), first.at + 0.0001), CALIBRATION, first, POSE);
    assert.ok(leaderStep(first, next).speed / DEGREE < 130);
  });

  it("a step is as fast as the leader was, whatever pace readings come at", () => {
    for (const period of [0.005, 0.008, 0.01]) {
      let before = leaderPose(reading(POSE, 1), CALIBRATION, null, POSE);
      const speeds: number[] = [];
      for (let step = 1; step <= 20; step++) {
        const next = leaderPose(
          reading(turned(POSE, 0, 150 * period * step), 1 + step * period),
          CALIBRATION,
          before,
          POSE,
        );
        speeds.push(leaderStep(before, next).speed / DEGREE);
        before = next;
      }
      assert.ok(Math.max(...speeds) < 150.1, `${period} s: ${Math.max(...speeds)}`);
      // Every other reading at least tells the whole speed.
      assert.ok(
        speeds.slice(1).every((speed, index) => Math.max(speed, speeds[index] ?? 0) > 149.9),
        `${period} s: ${speeds}`,
      );
      assert.ok(Math.abs((before.v[0] ?? 0) / DEGREE - 150) < 30, "smoothed");
    }
  });

  it("is the same reading only when every encoder says the very same", () => {
    const first = posesOf([POSE]);
    assert.ok(isSameReading(first, posesOf([POSE])));
    assert.ok(!isSameReading(first, posesOf([turned(POSE, 4, 1e-6)])));
  });

  it("of a calibration with too few joints is no pose", () => {
    const few = { ...CALIBRATION, joints: CALIBRATION.joints.slice(0, 6) };
    assert.ok(Number.isNaN(leaderPose(reading(POSE, 1), few, null, POSE).q[6]));
  });
});
