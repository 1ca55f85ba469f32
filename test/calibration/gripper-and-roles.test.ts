import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { solveGripper } from "../../calibration/gripper.js";
import { changedPart, whyNotThese } from "../../calibration/roles.js";
import { thumbnail } from "../../daemon/cli/calibrate/thumbnail.js";
import { towards } from "../../daemon/cli/calibrate/visit.js";

describe("the gripper's range", () => {
  it("is the mean of what it reports at both ends", () => {
    const found = solveGripper([0.01, 0.02, 0.015], [0.98, 0.99, 0.985]);
    assert.ok("range" in found);
    assert.deepEqual(found.range, { closed: 0.015, open: 0.985 });
    assert.ok(Math.abs(found.spread - 0.01) < 1e-9);
  });
  it("is refused the wrong way round, too short, and when strokes differ", () => {
    for (const [closed, open, words] of [
      [[0.9, 0.9], [0.1, 0.1], /when told to open/],
      [[0.5, 0.5], [0.9, 0.9], /0\.50 to 0\.90 only/],
      [[0, 0.05], [1, 1], /0\.050 apart/],
      [[Number.NaN], [Number.NaN], /only/],
    ] as const) {
      const found = solveGripper(closed, open);
      assert.ok("reason" in found && words.test(found.reason), JSON.stringify(found));
    }
  });
});

describe("which camera is on the wrist", () => {
  it("is the one whose picture changes when the wrist turns", () => {
    assert.equal(whyNotThese({ front: 0.02, wrist: 0.6 }), null);
    assert.match(whyNotThese({ front: 0.6, wrist: 0.02 })?.reason ?? "", /exchanged/);
    assert.match(whyNotThese({ front: 0.2, wrist: 0.6 })?.reason ?? "", /cannot be told/);
    assert.match(whyNotThese({ front: 0, wrist: 0.02 })?.reason ?? "", /cannot be told/);
    assert.match(whyNotThese({ front: Number.NaN, wrist: 1 })?.reason ?? "", /cannot be told/);
  });
  it("a pixel has changed when one of its colours has, by more than noise", () => {
    const before = Uint8Array.of(10, 10, 10, 50, 50, 50, 0, 0, 0, 255, 255, 255);
    const after = Uint8Array.of(18, 2, 10, 50, 63, 50, 0, 0, 13, 255, 255, 255);
    assert.equal(changedPart(before, after), 0.5);
  });
});

describe("on the way to a pose", () => {
  it("the joint with the longest way sets the step, the others keep in proportion", () => {
    const step = towards([0, 0, 0, 0, 0, 0, 0], [0, 1, -2, 0, 0, 0, 4], 0.4);
    assert.deepEqual(step, [0, 0.1, -0.2, 0, 0, 0, 0.4]);
    assert.deepEqual(towards(step, [0, 1, -2, 0, 0, 0, 4], 10), [0, 1, -2, 0, 0, 0, 4]);
  });
});

it("a thumbnail puts two rows into one line of text", () => {
  const text = thumbnail(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 2);
  assert.equal(text.split("\n").length, 2);
  assert.match(text, /38;2;1;2;3m.*48;2;7;8;9m.*38;2;4;5;6m.*48;2;10;11;12m/);
});
