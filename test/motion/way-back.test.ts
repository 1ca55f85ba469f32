import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { plannerLimits } from "../../daemon/guard/limits.js";
import { backInside, outsideOf } from "../../daemon/motion/way-back.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { runs } from "../runs.js";

const DEGREE = Math.PI / 180;
const PLANNER = plannerLimits(LIMITS.recover);

function degrees(...[a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0]: number[]): JointVector {
  return mapJoints([a, b, c, d, e, f, g], (angle) => angle * DEGREE);
}

describe("ML-02: where joints are brought back to", () => {
  it("is half a degree inside for what stands outside, in both directions; everything else stands", () => {
    const back = backInside(degrees(176, -128, 175, 0, -174.8, 125.001, 300), LIMITS.recover, PLANNER);
    const expected = degrees(174.5, -126.5, 175, 0, -174.8, 124.5, 174.5);
    for (const [joint, angle] of back.entries()) {
      assert.ok(Math.abs(angle - jointAt(expected, joint)) < 1e-12, `J${joint + 1}`);
    }
  });

  it("knows what stands outside: not on the limit, but what is no number", () => {
    const q = mapJoints(
      LIMITS.recover.highest,
      (limit, joint) => [limit, -limit, limit + 1e-9, Number.NaN][joint] ?? 0,
    );
    assert.deepEqual(outsideOf(q, LIMITS.recover), [false, false, true, true, false, false, false]);
  });

  it("is inside, never farther from the middle, and where it was for what was inside", () => {
    const angle = fc.double({ min: -7, max: 7, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(angle, angle, angle, angle, angle, angle, angle), (q) => {
        const back = backInside(q, LIMITS.recover, PLANNER);
        const outside = outsideOf(q, LIMITS.recover);
        assert.ok(!outsideOf(back, LIMITS.recover).includes(true));
        for (const [joint, to] of back.entries()) {
          assert.ok(Math.abs(to) <= Math.abs(jointAt(q, joint)));
          assert.ok(outside[joint] === true || to === jointAt(q, joint));
        }
      }),
      { numRuns: runs(500) },
    );
  });
});
