import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MotionStream } from "../../daemon/arm/motion-stream.js";
import { freshGuard, guard } from "../../daemon/guard/guard.js";
import { outsideOf } from "../../daemon/motion/way-back.js";
import { type JointPosition, type JointVector, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { armAt } from "../guard/inputs.js";
import { LIMITS } from "../limits.js";
import { randomSource } from "../random-source.js";

const PERIOD = 0.01;
const STEP = 0.1;
const DEGREE = Math.PI / 180;

/** A policy that turns J1 to a goal: 2 degrees a step, slowing down over the last five. */
function stepsTo(goal: number, from: JointVector): readonly JointPosition[] {
  const steps: JointPosition[] = [];
  let at = from;
  for (let step = 0; step < 5; step++) {
    const way = goal - at[0];
    const stride = Math.sign(way) * Math.min(2 * DEGREE, 0.4 * Math.abs(way));
    at = mapJoints(at, (angle, joint) => angle + (joint === 0 ? stride : 0));
    steps.push(jointPosition(at));
  }
  return steps;
}

const follow = (stream: MotionStream, id: number, now: number, steps: readonly JointPosition[]): boolean =>
  stream.follow(
    {
      ...{ id, epoch: 1, capturedAt: now, period: STEP },
      targets: steps.map((q, step) => ({ dueAt: now + (step + 1) * STEP, q, gripper: 1 })),
    },
    now,
  );

/** Follows the policy to `goal` with a chunk every two steps, each from where `from` says; J1 at each tick, rad. */
function goTo(goal: number, from: (stream: MotionStream, now: number) => JointVector): readonly number[] {
  const stream = new MotionStream(HOME, PERIOD, LIMITS);
  const path: number[] = [];
  for (let tick = 0; tick < 600; tick++) {
    const now = tick * PERIOD;
    if (tick % 20 === 0) {
      assert.ok(follow(stream, tick, now, stepsTo(goal, from(stream, now))));
    }
    const { q } = stream.propose(now + PERIOD);
    stream.sent(q);
    path.push(q[0]);
  }
  return path;
}

describe("ML-02: joints that stand outside their limits", () => {
  // The joints alone: what stands in the way in space is judged before.
  const limits = { ...LIMITS, cell: { ...LIMITS.cell, body: { points: [], capsules: [], pairs: [], bounds: [] } } };

  it("come back from anywhere, at any pace, by setpoints that the guard permits every one of", () => {
    const random = randomSource(7);
    for (let round = 0; round < 30; round++) {
      // The pace as it is, as it changes now and then, and as it changes all the time.
      const often = [0, 0.02, 0.5][round % 3] ?? 0;
      const from = jointPosition(
        mapJoints(LIMITS.policy.highest, (highest) => (2 * random() - 1) * (highest + 8 * DEGREE)),
      );
      const stream = new MotionStream(from, PERIOD, limits);
      assert.equal(stream.recover(0.3), null);
      let memory = freshGuard(PERIOD, limits);
      let tick = 0;
      for (; !stream.hasRecovered(0.3) && tick < 6000; tick++) {
        stream.slowTo(random() < often ? 0.5 : 1);
        const now = 100 + tick * PERIOD;
        const { source, q } = stream.propose(now);
        const proposed = { source, epoch: 1, dueAt: now, q: jointPosition(q) };
        const arm = armAt(jointPosition(q), { receivedAt: now });
        const beats = { operatorSeenAt: now, leaderSeenAt: now, guardianSeenAt: now };
        const [next, verdict] = guard(memory, { now, proposed, mode: "recovery", epoch: 1, arm, ...beats });
        assert.equal(verdict.kind, "permit", JSON.stringify(verdict));
        memory = next;
        stream.sent(q);
      }
      assert.ok(tick < 6000, "it arrives");
      assert.ok(!outsideOf(stream.commanded, LIMITS.policy).includes(true));
    }
  });

  it("stand where something is in the way, and the stream says what", () => {
    const cell = { ...LIMITS.cell, clearance: 0.12 };
    const stream = new MotionStream(jointPosition([0.1, -0.2, 0.05, -2.35, -0.1, 1.1, 0.3]), PERIOD, {
      ...LIMITS,
      cell,
    });
    assert.match(stream.recover(0) ?? "", /^[a-z-]+ after 0\.1 s: /);
    assert.deepEqual([stream.still, stream.hasRecovered(0)], [true, false]);
  });
});

describe("the stream of commanded positions", () => {
  const goal = HOME[0] + 20 * DEGREE;

  it("comes to a goal without passing it when each chunk goes on from what was asked for", () => {
    const path = goTo(goal, (stream, now) => stream.reference(now).q);
    assert.ok(Math.max(...path) < goal + 0.05 * DEGREE);
    assert.ok(Math.abs((path.at(-1) ?? 0) - goal) < 0.05 * DEGREE);
  });

  it("asks for the same before and after a chunk is taken", () => {
    const stream = new MotionStream(HOME, PERIOD, LIMITS);
    follow(stream, 1, 0, stepsTo(goal, HOME));
    for (let tick = 1; tick <= 15; tick++) {
      stream.sent(stream.propose(tick * PERIOD).q);
    }
    const before = stream.reference(0.15);
    assert.ok(Math.abs(before.q[0] - (stream.commanded[0] ?? 0)) > 0.1 * DEGREE, "bounded acceleration lags behind");
    follow(stream, 2, 0.15, stepsTo(goal, before.q));
    assert.deepEqual(stream.reference(0.15), before);
  });

  it("goes on from what was sent when that is no mere lag behind", () => {
    const stream = new MotionStream(HOME, PERIOD, LIMITS);
    follow(
      stream,
      1,
      0,
      // Into the table, before which the arm comes to rest.
      [1, 2, 3, 4, 5].map((count) =>
        jointPosition(mapJoints(HOME, (angle, joint) => angle + (joint === 1 ? count * 14 * DEGREE : 0))),
      ),
    );
    for (let tick = 1; tick <= 230; tick++) {
      stream.sent(stream.propose(tick * PERIOD).q);
    }
    assert.equal(stream.source, "policy");
    assert.deepEqual(stream.reference(2.3).q, stream.commanded);
  });

  it("asks for what it sends while it holds or ramps down", () => {
    const stream = new MotionStream(HOME, PERIOD, LIMITS);
    assert.deepEqual(stream.reference(0).q, HOME);
    follow(stream, 1, 0, stepsTo(goal, HOME));
    for (let tick = 1; tick <= 20; tick++) {
      stream.sent(stream.propose(tick * PERIOD).q);
    }
    stream.rampDown();
    stream.sent(stream.propose(0.21).q);
    assert.deepEqual(stream.reference(0.21).q, stream.commanded);
  });
});
