import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toChunk } from "../../daemon/loop/to-chunk.js";
import { delta, inference, joints, observation } from "./samples.js";

const rules = { period: 0.1, gripper: { threshold: 0.5, hysteresis: 0.1 } };
const made = (changes: { grippers?: readonly number[]; opening?: number }) =>
  toChunk(
    7,
    observation({ capturedAt: 100, commanded: joints(0.2), epoch: 3 }),
    inference({
      deltas: [1, 2, 3, 4, 5].map((step) => delta(step / 100)),
      grippers: changes.grippers ?? [1, 1, 1, 1, 1],
    }),
    changes.opening ?? 1,
    rules,
  );
const round = (value: number): number => Math.round(value * 1e9) / 1e9;

describe("a chunk", () => {
  it("has a target for each step, counted from capture and from the position commanded then", () => {
    const chunk = made({});
    assert.deepEqual([chunk.id, chunk.epoch, chunk.capturedAt, chunk.period], [7, 3, 100, 0.1]);
    assert.deepEqual(
      chunk.targets.map(({ dueAt }) => round(dueAt)),
      [100.1, 100.2, 100.3, 100.4, 100.5],
    );
    assert.deepEqual(
      chunk.targets.map(({ q }) => round(q[6])),
      [0.21, 0.22, 0.23, 0.24, 0.25],
    );
  });

  it("turns the gripper to 0 or 1, and only when it is far enough from the threshold", () => {
    const openings = (grippers: readonly number[], opening: number): readonly number[] =>
      made({ grippers, opening }).targets.map(({ gripper }) => gripper);
    assert.deepEqual(openings([0.45, 0.41, 0.39, 0.55, 0.61], 1), [1, 1, 0, 0, 1]);
    assert.deepEqual(openings([0.45, 0.59, 0.61, 0.41, 0.39], 0), [0, 0, 1, 1, 0]);
  });
});
