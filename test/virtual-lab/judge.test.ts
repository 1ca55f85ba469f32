import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type JudgedPose, judge } from "../../drivers/virtual-lab/scene/judge.js";
import { directionVector, TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

const start: JudgedPose = { position: [0.26, 0, 0.023], quaternion: [1, 0, 0, 0], speed: 0 };
const moved = (dx: number, dy: number, rest: Partial<JudgedPose> = {}): JudgedPose => ({
  ...start,
  position: [0.26 + dx, dy, 0.023],
  ...rest,
});
const degree = Math.PI / 180;

function task(direction: string) {
  const found = TASKS.find((candidate) => candidate.direction === direction);
  assert.ok(found);
  return found;
}

describe("the judge of a bread task", () => {
  it("accepts the instructed direction within 20 degrees and 8 cm or more", () => {
    for (const wanted of TASKS) {
      const [ux, uy] = directionVector(wanted.direction);
      for (const angle of [-19.9, 0, 19.9]) {
        const [c, s] = [Math.cos(angle * degree), Math.sin(angle * degree)];
        const verdict = judge(wanted, start, moved(0.0801 * (ux * c - uy * s), 0.0801 * (uy * c + ux * s)), 1);
        assert.ok(verdict.goal && verdict.kinematic, `${wanted.direction} ${angle}`);
      }
    }
  });

  it("takes left and right as the front camera sees them", () => {
    assert.ok(judge(task("left front"), start, moved(0.08, -0.08), 1).kinematic);
    assert.ok(judge(task("right front"), start, moved(0.08, 0.08), 1).kinematic);
    assert.ok(!judge(task("left front"), start, moved(0.08, 0.08), 1).kinematic);
  });

  it("gives the goal without the manner when the direction is wrong", () => {
    const verdict = judge(task("front"), start, moved(0.12 * Math.cos(21 * degree), 0.12 * Math.sin(21 * degree)), 1);
    assert.ok(verdict.goal && !verdict.kinematic);
  });

  it("refuses what is too near, held, moving, tipped over or stacked", () => {
    const front = task("front");
    assert.ok(!judge(front, start, moved(0.0799, 0), 1).goal);
    assert.ok(!judge(front, start, start, 1).goal);
    assert.ok(!judge(front, start, moved(0.12, 0), 0.7).goal);
    assert.ok(!judge(front, start, moved(0.12, 0, { speed: 0.03 }), 1).goal);
    const half = (16 * degree) / 2;
    assert.ok(!judge(front, start, moved(0.12, 0, { quaternion: [Math.cos(half), Math.sin(half), 0, 0] }), 1).goal);
    assert.ok(!judge(front, start, { ...moved(0.12, 0), position: [0.38, 0, 0.04] }, 1).goal);
  });
});
