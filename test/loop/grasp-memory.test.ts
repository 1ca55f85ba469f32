import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GraspMemory, graspAt, hasReleased, NO_GRASP, noteGripper } from "../../daemon/loop/grasp-memory.js";
import { armReport, joints } from "./samples.js";

const after = (...told: readonly (readonly [at: number, opening: number, angle: number])[]): GraspMemory =>
  told
    .map(([at, commanded, angle]) =>
      armReport({ at, reference: joints(angle), gripper: { commanded, measured: commanded, receivedAt: at } }),
    )
    .reduce(noteGripper, NO_GRASP);

describe("what the gripper was told in a task", () => {
  it("is nothing at first, whatever the gripper holds", () => {
    for (const memory of [NO_GRASP, after([10, 1, 0]), after([10, 0, 0])]) {
      assert.deepEqual(graspAt(memory, 20), { graspedAt: null, sinceGripperCommand: Number.POSITIVE_INFINITY });
      assert.equal(hasReleased(memory), false);
    }
  });

  it("keeps where the arm was commanded to be at the last close, and when", () => {
    const memory = after([10, 1, 0], [11, 0, 0.1], [11.5, 0, 0.2]);
    assert.deepEqual(graspAt(memory, 12), { graspedAt: joints(0.1), sinceGripperCommand: 1 });
    assert.equal(hasReleased(memory), false);
  });

  it("keeps the grasp after letting go, and counts from the opening", () => {
    const memory = after([10, 1, 0], [11, 0, 0.1], [13, 1, 0.3]);
    assert.deepEqual(graspAt(memory, 13.5), { graspedAt: joints(0.1), sinceGripperCommand: 0.5 });
    assert.equal(hasReleased(memory), true);
  });

  it("knows nothing that came after the picture", () => {
    const memory = after([10, 1, 0], [11, 0, 0.1], [13, 1, 0.3]);
    assert.deepEqual(graspAt(memory, 12), { graspedAt: joints(0.1), sinceGripperCommand: 1 });
    assert.equal(graspAt(memory, 10.5).graspedAt, null);
  });

  it("does not count opening a gripper that was closed before the task as letting go", () => {
    assert.equal(hasReleased(after([10, 0, 0], [11, 1, 0])), false);
    assert.equal(hasReleased(after([10, 0, 0], [11, 1, 0], [12, 0, 0], [13, 1, 0])), true);
  });
});
