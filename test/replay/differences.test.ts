import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differencesOf } from "../../daemon/replay/differences.js";
import type { Track } from "../../daemon/replay/track.js";
import { joints } from "../loop/samples.js";

/** All joints at 0.1 rad/s, a pose every 20 ms. */
const RECORDED: Track = Array.from({ length: 101 }, (_, index) => ({ after: index * 0.02, q: joints(index * 0.002) }));

describe("differences between recorded and replayed positions", () => {
  it("are taken at the same time after the start, between the recorded poses", () => {
    const replayed = RECORDED.slice(0, 100).map(({ after }) => ({
      after: after + 0.005,
      q: joints((after + 0.015) * 0.1),
    }));
    const found = differencesOf(RECORDED, replayed);
    assert.equal(found?.poses, 100);
    for (const part of [found?.median, found?.p99, found?.most]) {
      assert.ok(
        part?.every((angle) => Math.abs(angle - 0.001) < 1e-12),
        JSON.stringify(found),
      );
    }
  });

  it("tell the middle from the end of the distribution", () => {
    const replayed = RECORDED.map(({ after, q }, index) => ({ after, q: index === 50 ? joints(1.1) : q }));
    const found = differencesOf(RECORDED, replayed);
    assert.equal(found?.median[3], 0);
    assert.ok(Math.abs((found?.most[3] ?? 0) - 1) < 1e-9);
  });

  it("leave out what was not recorded: before, after, and in a gap", () => {
    const gap = RECORDED.filter(({ after }) => after < 0.5 || after > 0.7);
    const replayed = [-0.1, 0.6, 2.1].map((after) => ({ after, q: joints(0) }));
    assert.equal(differencesOf(gap, replayed), null);
    assert.equal(differencesOf(gap, [...replayed, { after: 0.2, q: joints(0) }])?.poses, 1);
  });
});
