import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MotionStream } from "../../daemon/arm/motion-stream.js";
import { chunkOf } from "../../daemon/replay/play.js";
import type { RecordedMotion } from "../../daemon/replay/recorded-motion.js";
import { trackAt } from "../../daemon/replay/track.js";
import { type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { distance, PERIOD, Supervised } from "../arm/supervised.js";
import { LIMITS } from "../limits.js";
import { DEGREE, FIRST, motion } from "./episodes.js";

/** Real supervisor, planner and guard go to the first pose of a motion and follow it; how far they are off it at most, rad. */
function replay(bench: Supervised, recorded: RecordedMotion): number {
  const startAt = bench.now + 0.1;
  const { epoch } = bench.latest;
  const before = bench.setpoints.length;
  for (let id = 1; bench.now < startAt + recorded.length; id++) {
    assert.equal(bench.give(chunkOf(recorded, startAt, { now: bench.now, epoch, id })), "accepted");
    bench.pass(0.2);
  }
  return Math.max(
    ...bench.setpoints.slice(before).map(({ dueAt, q }) => {
      const wanted = trackAt(recorded.setpoints, dueAt - startAt);
      return wanted === null
        ? 0
        : Math.max(...mapJoints(wanted, (angle, joint) => Math.abs(angle - jointAt(q, joint))));
    }),
  );
}

function atFirst(): Supervised {
  const bench = new Supervised();
  bench.state = { ...bench.state, measured: jointPosition(mapJoints(FIRST, (angle) => angle - 0.1)) };
  bench.engaged();
  assert.equal(bench.request({ kind: "home", to: jointPosition(FIRST) }).ok, true);
  bench.pass(0.1);
  assert.equal(bench.latest.mode, "homing");
  bench.pass(4);
  assert.equal(bench.latest.mode, "hold");
  return bench;
}

describe("a motion replayed by supervisor, planner and guard", () => {
  it("begins slowly to its first pose, and is then the recorded one, setpoint by setpoint", () => {
    const bench = atFirst();
    assert.ok(distance(jointPosition(bench.commanded), jointPosition(FIRST)) < 1e-12);
    bench.request({ kind: "follow-policy" });
    const off = replay(bench, motion());
    // Every second setpoint is a target; what is between them differs by what an arm's encoders resolve.
    assert.ok(off < 0.02 * DEGREE, `${off / DEGREE} degrees`);
    assert.deepEqual(bench.stops, []);
    assert.equal(bench.gripper.openings.at(-1), 0.2);
  });

  it("goes further than a recorded stop at full speed, but not so far that it counts as astray, and comes back", () => {
    const rows = fullStop();
    const recorded = motion({ setpoints: (_, after) => rows[Math.round(after / PERIOD)] ?? rows.at(-1) ?? null });
    const bench = atFirst();
    bench.request({ kind: "follow-policy" });
    const off = replay(bench, recorded);
    assert.ok(off > DEGREE && off < 5 * DEGREE, `${off / DEGREE} degrees`);
    assert.ok(distance(jointPosition(bench.commanded), jointPosition(rows.at(-1) ?? [])) < 1e-6);
    assert.deepEqual(bench.stops, []);
  });

  it("stands at once where it is stopped in the middle", () => {
    const bench = atFirst();
    bench.request({ kind: "follow-policy" });
    const recorded = motion();
    const { epoch } = bench.latest;
    bench.give(chunkOf(recorded, bench.now + 0.1, { now: bench.now, epoch, id: 1 }));
    bench.pass(0.6);
    assert.ok(bench.speed > 0);
    const sent = bench.setpoints.length;
    bench.supervisor.handle({ kind: "stop", reason: "enough", by: "anybody" }, bench.now);
    bench.pass(1);
    assert.equal(bench.latest.mode, "fault");
    assert.equal(bench.setpoints.length, sent, "nothing follows a stop");
    assert.match(bench.give(chunkOf(recorded, bench.now - 1, { now: bench.now, epoch, id: 2 })), /^mode/);
  });
});

describe("the way to a pose that is asked for", () => {
  it("is refused beyond a joint's limit and where the cell is in the way", () => {
    const bench = new Supervised().engaged();
    const to = (joint: number, degrees: number) =>
      jointPosition(mapJoints(FIRST, (angle, index) => (index === joint ? degrees * DEGREE : angle)));
    assert.match(bench.request({ kind: "home", to: to(3, 140) }).reason, /J4 would end beyond its limit/);
    assert.match(
      bench.request({ kind: "home", to: to(1, 100) }).reason,
      /the straight way there is not free \(.*table/,
    );
    assert.equal(bench.latest.mode, "hold");
    bench.pass(PERIOD * 50);
    assert.equal(bench.speed, 0);
  });
});

/** J7 at its full speed, then a stopping ramp: a setpoint a tick. */
function fullStop(): readonly JointVector[] {
  const from = jointPosition(FIRST);
  const stream = new MotionStream(from, PERIOD, LIMITS);
  const targets = [1, 2, 3, 4, 5].map((step) => {
    const q = jointPosition(mapJoints(from, (angle, joint) => angle + (joint === 6 ? step * 10 * DEGREE : 0)));
    return { dueAt: step * 0.2, q, gripper: 1 };
  });
  const rows: JointVector[] = [];
  for (let tick = 0; tick < 200; tick++) {
    const now = tick * PERIOD;
    if (tick === 5) {
      stream.follow({ id: 1, epoch: 1, capturedAt: now, period: 0.2, targets }, now);
    }
    if (tick === 70) {
      stream.rampDown();
    }
    const { q } = stream.propose(now);
    stream.sent(q);
    rows.push(q);
  }
  return rows;
}
