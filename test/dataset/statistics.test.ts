import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PictureHistogram, statisticsOfRows } from "../../daemon/dataset/statistics.js";

describe("statistics of a feature", () => {
  it("are those of its rows, a dimension each", () => {
    const rows = Array.from({ length: 101 }, (_, index) => [index, 7]);
    const { count, min, max, mean, std, q01, q50, q99 } = statisticsOfRows(rows);
    assert.deepEqual(
      { count, min, max, mean, q01, q50, q99 },
      {
        count: 101,
        min: [0, 7],
        max: [100, 7],
        mean: [50, 7],
        q01: [1, 7],
        q50: [50, 7],
        q99: [99, 7],
      },
    );
    // Of the whole population, as numpy's std.
    assert.ok(Math.abs((std[0] ?? 0) - Math.sqrt((101 ** 2 - 1) / 12)) < 1e-9);
    assert.equal(std[1], 0);
  });

  it("of pictures count levels from 0 to 1, a channel each, and add up over episodes", () => {
    const whole = new PictureHistogram();
    for (const level of [0, 255]) {
      const one = new PictureHistogram();
      one.add(Uint8Array.from([level, 51, 102, level, 51, 102]));
      whole.merge(one);
    }
    const { count, min, max, mean, std, q50 } = whole.statistics();
    assert.equal(count, 2);
    assert.deepEqual(min, [0, 0.2, 0.4]);
    assert.deepEqual(max, [1, 0.2, 0.4]);
    assert.deepEqual(mean, [0.5, 0.2, 0.4]);
    assert.deepEqual(std, [0.5, 0, 0]);
    assert.deepEqual(q50, [0, 0.2, 0.4]);
  });
});
