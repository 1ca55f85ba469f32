import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WallClockDrift } from "../../daemon/service/wall-clock.js";

describe("the wall clock against the monotonic one (HO-09)", () => {
  it("is told of each jump of more than a second, once", () => {
    const drift = new WallClockDrift();
    const jumps = [0, 0, 3600, 3600, 0, 0.9, -288, 288, 288].map((jump, second) =>
      drift.look(100 + second, 1.79e9 + second + jump),
    );
    assert.deepEqual(
      jumps.map((jump) => (jump === null ? null : Math.round(jump))),
      [null, null, 3600, null, -3600, null, -288, 576, null],
    );
  });

  it("is told of in 1970, and of a slow drift each time that it makes a second", () => {
    const drift = new WallClockDrift();
    assert.equal(drift.look(100, 1.79e9), null);
    assert.ok((drift.look(101, 0) ?? 0) < -1.7e9);
    const slow = new WallClockDrift();
    const told = Array.from({ length: 3600 }, (_, second) => slow.look(second, 1.79e9 + second * 1.001));
    assert.equal(told.filter((jump) => jump !== null).length, 3);
  });

  it("is not told of when both go alike, whatever the pause", () => {
    const drift = new WallClockDrift();
    assert.deepEqual(
      [0, 1, 2, 5000].map((second) => drift.look(second, 1.79e9 + second)),
      [null, null, null, null],
    );
  });
});
