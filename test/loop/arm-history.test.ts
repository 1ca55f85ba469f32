import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_HISTORY, poseAt, remember } from "../../daemon/loop/arm-history.js";
import { armReport, joints } from "./samples.js";

const history = [
  armReport({ at: 10, reference: joints(1), measured: joints(0.5), measuredAge: 0.004 }),
  armReport({ at: 10.02, reference: joints(2), measured: joints(1.5), measuredAge: 0.004 }),
].reduce(remember, NO_HISTORY);

const commandedAt = (at: number): number | null => {
  const pose = poseAt(history, at);
  return pose === null ? null : Math.round(pose.commanded[0] * 1e6) / 1e6;
};

describe("the joint positions at the time of a picture", () => {
  it("lie between two reports, measured ones by their own age", () => {
    assert.equal(commandedAt(10.005), 1.25);
    assert.ok(Math.abs((poseAt(history, 10.006)?.measured[0] ?? 0) - 1) < 1e-6);
  });

  it("carry on past the newest report for 0.04 s", () => {
    assert.equal(commandedAt(10.02), 2);
    assert.equal(commandedAt(10.04), 3);
    assert.notEqual(commandedAt(10.0599 - 0.004), null);
    assert.equal(commandedAt(10.0601), null);
  });

  it("are not known before the oldest report", () => {
    assert.equal(commandedAt(9.999), null);
    assert.equal(poseAt(NO_HISTORY, 10), null);
  });

  it("come with the gripper as it was then", () => {
    const gripper = (commanded: number) => ({ commanded, measured: commanded, receivedAt: 10 });
    const closing = [armReport({ at: 10, gripper: gripper(1) }), armReport({ at: 10.02, gripper: gripper(0) })].reduce(
      remember,
      NO_HISTORY,
    );
    assert.equal(poseAt(closing, 10.019)?.gripper.commanded, 1);
    assert.equal(poseAt(closing, 10.02)?.gripper.commanded, 0);
  });

  it("begin anew when the arm was away", () => {
    const away = remember(history, armReport({ at: 10.04, measured: null, measuredAge: null, reference: null }));
    assert.deepEqual(away, NO_HISTORY);
  });

  it("are kept for one second, and a report that is not newer is left out", () => {
    const long = Array.from({ length: 200 }, (_, n) => armReport({ at: n / 50 })).reduce(remember, NO_HISTORY);
    assert.equal(long.reference.length, 51);
    assert.equal(remember(long, armReport({ at: 3.98 })).reference, long.reference);
  });
});
