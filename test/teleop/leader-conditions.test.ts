import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LeaderFacts, leaderConditions } from "../../daemon/teleop/leader-conditions.js";
import { raise } from "../../daemon/watch/condition.js";
import { LIMITS } from "../limits.js";
import { DEGREE } from "./leader.js";

const GOOD: LeaderFacts = {
  ...{ leading: true, age: 0.012, sameFor: 0.3, wentMeanwhile: 0 },
  ...{ step: { distance: 1 * DEGREE, speed: 100 * DEGREE }, apart: 2 * DEGREE },
};

function found(changes: Partial<LeaderFacts>): readonly string[] {
  const table = leaderConditions({ ...GOOD, ...changes }, LIMITS.leader, LIMITS.mostAge.leader);
  return raise([], table, 5)[1].map(({ code, reaction }) => `${code} ${reaction}`);
}

describe("a leader that is followed", () => {
  it("is left alone while all is well, also while it moves fast or rests", () => {
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ step: { distance: 1.9 * DEGREE, speed: 190 * DEGREE } }), []);
    assert.deepEqual(found({ sameFor: 60 }), []);
  });

  it("OP-08: jumps by more than 8 degrees or faster than 200 deg/s: ramp", () => {
    assert.deepEqual(found({ step: { distance: 8.1 * DEGREE, speed: 100 * DEGREE } }), ["leader-jump ramp"]);
    assert.deepEqual(found({ step: { distance: 2.1 * DEGREE, speed: 201 * DEGREE } }), ["leader-jump ramp"]);
    assert.deepEqual(found({ step: { distance: Number.NaN, speed: 0 } }), ["leader-jump ramp"]);
  });

  it("OP-09: no reading for 60 ms: slow; for 95 ms: ramp", () => {
    assert.deepEqual(found({ age: 0.059 }), []);
    assert.deepEqual(found({ age: 0.061 }), ["leader-late slow"]);
    assert.deepEqual(found({ age: 0.096 }), ["leader-lost ramp", "leader-late slow"]);
    assert.deepEqual(found({ age: Infinity }), ["leader-lost ramp", "leader-late slow"]);
  });

  it("OP-09: the same reading for 500 ms while the arm went on: ramp; a hand at rest: nothing", () => {
    assert.deepEqual(found({ sameFor: 0.5, wentMeanwhile: 2.1 * DEGREE }), ["leader-frozen ramp"]);
    assert.deepEqual(found({ sameFor: 0.49, wentMeanwhile: 2.1 * DEGREE }), []);
    assert.deepEqual(found({ sameFor: 0.5, wentMeanwhile: 1.9 * DEGREE }), []);
  });

  it("OP-07: more than 45 degrees from the arm: ramp", () => {
    assert.deepEqual(found({ apart: 45.1 * DEGREE }), ["leader-apart ramp"]);
  });

  it("is not judged while it is not followed", () => {
    assert.deepEqual(found({ leading: false, age: Infinity, apart: 9, step: { distance: 9, speed: 9 } }), []);
  });
});
