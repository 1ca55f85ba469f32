import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import {
  demandAt,
  gripperDue,
  isExhausted,
  type Timeline,
  takeChunk,
  targetsAhead,
} from "../../daemon/motion/timeline.js";
import type { Chunk } from "../../daemon/types/chunk.js";
import { jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { randomSource } from "../random-source.js";

function chunk(capturedAt: number, angles: readonly number[], gripper = 1): Chunk {
  const targets = angles.map((angle, index) => ({
    dueAt: capturedAt + 0.1 * (index + 1),
    q: jointPosition(mapJoints(ZERO, (_, joint) => angle * (joint + 1))),
    gripper,
  }));
  return { id: 1, epoch: 1, capturedAt, period: 0.1, targets };
}

function taken(timeline: Timeline | null): Timeline {
  assert.ok(timeline !== null);
  return timeline;
}

describe("timeline", () => {
  it("without targets goes on where it began", () => {
    const anchor = { at: 10, q: mapJoints(ZERO, () => 0.2), v: mapJoints(ZERO, () => 0.1) };
    assert.deepEqual(demandAt({ anchor, targets: [] }, 10.1), { q: anchor.q, v: anchor.v });
  });

  it("drops what is due already and keeps the rest at its instants", () => {
    const timeline = taken(takeChunk(null, chunk(10, [0.01, 0.02, 0.03, 0.04, 0.05]), 10.25, standingAt(ZERO)));
    assert.equal(targetsAhead(timeline, 10.25), 3);
    const at = timeline.targets[0]?.dueAt ?? 0;
    assert.ok(Math.abs(jointAt(demandAt(timeline, at).q, 0) - 0.03) < 1e-12);
  });

  it("takes nothing of a chunk whose targets are all past", () => {
    assert.equal(takeChunk(null, chunk(10, [0.01]), 10.2, standingAt(ZERO)), null);
  });

  it("replaces the old chunk from the new one's first remaining target on", () => {
    const old = taken(takeChunk(null, chunk(10, [0.01, 0.02, 0.03, 0.04, 0.05]), 10.05, standingAt(ZERO)));
    const both = taken(takeChunk(old, chunk(10.16, [0.5, 0.6]), 10.18, standingAt(ZERO)));
    // 10.2 of the old one stays: the new one begins at 10.26.
    assert.deepEqual(
      both.targets.map((target) => Number(target.dueAt.toFixed(3))),
      [10.2, 10.26, 10.36],
    );
    const late = taken(takeChunk(old, chunk(10.14, [0.5, 0.6]), 10.18, standingAt(ZERO)));
    // 10.2 lies closer than half a period to 10.24 and would make a kink.
    assert.deepEqual(
      late.targets.map((target) => Number(target.dueAt.toFixed(3))),
      [10.24, 10.34],
    );
  });

  it("goes on from the commanded motion without a jump of position or velocity", () => {
    const v = mapJoints(ZERO, (_, joint) => 0.05 * (joint - 3));
    const commanded = { q: mapJoints(ZERO, () => 0.2), v };
    const timeline = taken(takeChunk(null, chunk(10, [0.3, 0.31, 0.32]), 10.03, commanded));
    const demand = demandAt(timeline, 10.03);
    assert.deepEqual(demand.q, commanded.q);
    assert.ok(demand.v.every((speed, joint) => Math.abs(speed - jointAt(v, joint)) < 1e-12));
  });

  it("never overshoots a target, and its velocity is the slope of its position", () => {
    const random = randomSource(5);
    for (let round = 0; round < 60; round++) {
      const angles = [0, 1, 2, 3, 4].map(() => (2 * random() - 1) * 0.1);
      const timeline = taken(takeChunk(null, chunk(5, angles), 5.001, standingAt(ZERO)));
      const knots = [0, ...angles];
      for (let step = 1; step < 499; step++) {
        const at = 5.001 + step * 0.001;
        const index = Math.min(Math.floor((at - 5) / 0.1 + 1e-9), 4);
        const [from, to] = [knots[index] ?? 0, knots[index + 1] ?? 0];
        const { q, v } = demandAt(timeline, at);
        assert.ok(jointAt(q, 0) >= Math.min(from, to) - 1e-9 && jointAt(q, 0) <= Math.max(from, to) + 1e-9);
        const slope =
          (jointAt(demandAt(timeline, at + 1e-6).q, 0) - jointAt(demandAt(timeline, at - 1e-6).q, 0)) / 2e-6;
        const onKnot = Math.abs(((at - 5) % 0.1) - 0.1) < 2e-6 || (at - 5) % 0.1 < 2e-6;
        assert.ok(onKnot || Math.abs(slope - jointAt(v, 0)) < 1e-4, `${slope} at ${at}, said ${v[0]}`);
      }
    }
  });

  it("comes to rest at its last target and is exhausted after it", () => {
    const timeline = taken(takeChunk(null, chunk(10, [0.01, 0.02]), 10, standingAt(ZERO)));
    const last = timeline.targets.at(-1)?.dueAt ?? 0;
    assert.equal(isExhausted(timeline, last), false);
    assert.equal(isExhausted(timeline, last + 1e-6), true);
    assert.ok(demandAt(timeline, last).v.every((speed) => Math.abs(speed) < 1e-12));
    assert.ok(Math.abs(jointAt(demandAt(timeline, last + 1).q, 0) - 0.02) < 1e-12);
  });

  it("tells the gripper opening of the newest target that is due, inside 0 to 1", () => {
    const timeline = taken(takeChunk(null, chunk(10, [0.01, 0.02], 1.04), 10, standingAt(ZERO)));
    assert.equal(gripperDue(timeline, 10.05), null);
    assert.equal(gripperDue(timeline, 10.11), 1);
  });
});
