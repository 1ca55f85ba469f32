import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MotionStream } from "../../daemon/arm/motion-stream.js";
import { atPace, joiningPace, permittedPace } from "../../daemon/motion/path-pace.js";
import { type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";

const DEGREE = Math.PI / 180;
const HOME = jointPosition([0, 10, 0, 75, 0, 95, 0].map((angle) => angle * DEGREE));

describe("ML-03: pace along a path", () => {
  it("is whole inside the limits, and as much less as the fastest joint is too fast", () => {
    const { policy } = LIMITS;
    assert.equal(permittedPace(policy.velocity, policy), 1);
    assert.equal(permittedPace([0, 0, 0, 0, 0, 0, 0], policy), 1);
    const double: JointVector = mapJoints(policy.velocity, (speed, joint) => (joint === 3 ? -2 * speed : speed));
    assert.equal(permittedPace(double, policy), 0.5);
    assert.deepEqual(atPace({ q: HOME, v: double }, 0.5), { q: HOME, v: mapJoints(double, (speed) => speed / 2) });
  });

  it("keeps to the path of a chunk that asks for too much speed", () => {
    const stream = new MotionStream(HOME, 0.01, LIMITS);
    // J1 at twice its speed limit, J7 far below its own: together a straight line.
    const way = [6, 0, 0, 0, 0, 0, 1.5];
    const targets = [1, 2, 3, 4, 5].map((count) => ({
      dueAt: 10 + count * 0.1,
      q: jointPosition(mapJoints(HOME, (angle, joint) => angle + count * (way[joint] ?? 0) * DEGREE)),
      gripper: 1,
    }));
    assert.ok(stream.follow({ id: 1, epoch: 1, capturedAt: 10, period: 0.1, targets }, 10));
    let off = 0;
    let fastest = 0;
    let before: JointVector = HOME;
    for (let tick = 1; tick <= 120; tick++) {
      const { q } = stream.propose(10 + tick * 0.01);
      stream.sent(q);
      fastest = Math.max(fastest, Math.abs(jointAt(q, 0) - jointAt(before, 0)) / 0.01);
      off = Math.max(off, Math.abs((jointAt(q, 0) - jointAt(HOME, 0)) / 4 - (jointAt(q, 6) - jointAt(HOME, 6))));
      before = q;
    }
    assert.ok(fastest <= jointAt(LIMITS.policy.velocity, 0));
    assert.ok(jointAt(before, 0) > 25 * DEGREE, `it gets on, ${jointAt(before, 0) / DEGREE}`);
    // Each joint for itself, J7 would be 4 degrees ahead; what is left is that J1 takes longer to gather speed.
    assert.ok(off < 1.2 * DEGREE, `${off / DEGREE} degrees off`);
  });
});

describe("PO-04: a step between two chunks", () => {
  /** J1 or J5 stands, then is asked for a place `degrees` away within 50 ms, J7 for half of that; each tick's way, degrees. */
  function step(joint: 0 | 4, degrees: number, pace = 1): readonly (readonly [number, number])[] {
    const stream = new MotionStream(HOME, 0.01, LIMITS);
    stream.slowTo(pace);
    const way = mapJoints(HOME, (_, index) => (index === joint ? degrees : index === 6 ? degrees / 2 : 0) * DEGREE);
    const targets = [1, 2, 3, 4, 5].map((count) => ({
      dueAt: 9.95 + count * 0.1,
      q: jointPosition(mapJoints(HOME, (angle, index) => angle + jointAt(way, index))),
      gripper: 1,
    }));
    assert.ok(stream.follow({ id: 1, epoch: 1, capturedAt: 9.95, period: 0.1, targets }, 10));
    return Array.from({ length: 250 }, (_, tick) => {
      const { q } = stream.propose(10 + (tick + 1) * 0.01);
      stream.sent(q);
      return [(jointAt(q, joint) - jointAt(HOME, joint)) / DEGREE, (q[6] - HOME[6]) / DEGREE] as const;
    });
  }

  for (const joint of [0, 4] as const) {
    for (const degrees of [5.5, 10, 14.5]) {
      it(`of ${degrees} degrees in J${joint + 1} is gone to along the path and not past it, also at half pace`, () => {
        for (const pace of [1, 0.5]) {
          const ways = step(joint, degrees, pace);
          const most = Math.max(...ways.map(([way]) => way));
          assert.ok(most < degrees + 0.2 && most > 0.9 * degrees, `${most} at ${pace}`);
          assert.ok(Math.max(...ways.map(([one, other]) => Math.abs(one / 2 - other))) < 0.6);
        }
      });
    }
  }

  it("of up to 5 degrees is gone to as fast as ever", () => {
    const after = (degrees: number, tick: number): number => (step(4, degrees)[tick]?.[0] ?? 0) / degrees;
    assert.ok(after(4.9, 25) > 0.8, `${after(4.9, 25)}`);
    assert.ok(after(5.1, 25) < 0.65, `${after(5.1, 25)}`);
  });

  it("is none in motion at nearly full speed that begins, turns round and ends, however often a chunk comes", () => {
    const never = { ...LIMITS, chunks: { ...LIMITS.chunks, slowJump: Infinity } };
    const streams = [LIMITS, never].map((limits) => new MotionStream(HOME, 0.01, limits));
    const [stream, other] = streams;
    assert.ok(stream !== undefined && other !== undefined);
    let farthest = 0;
    for (let tick = 0; tick < 300; tick++) {
      const now = tick * 0.01;
      if (tick % 10 === 0) {
        const from = stream.reference(now).q;
        const stride = tick < 100 ? 5.5 : tick < 200 ? -5.5 : 0;
        const targets = [1, 2, 3, 4, 5].map((count) => ({
          dueAt: now + count * 0.1,
          q: jointPosition(mapJoints(from, (angle, joint) => angle + (joint === 4 ? count * stride * DEGREE : 0))),
          gripper: 1,
        }));
        for (const one of streams) {
          assert.ok(one.follow({ id: tick + 1, epoch: 1, capturedAt: now, period: 0.1, targets }, now));
        }
      }
      for (const one of streams) {
        one.sent(one.propose(now + 0.01).q);
      }
      assert.deepEqual(stream.commanded, other.commanded);
      farthest = Math.max(farthest, (stream.commanded[4] - HOME[4]) / DEGREE);
    }
    assert.ok(farthest > 30, `it moves, ${farthest}`);
  });

  it("takes as long as coming to rest there does", () => {
    const { policy } = LIMITS;
    const way = (degrees: number): JointVector => [0, 0, 0, 0, degrees * DEGREE, 0, 0];
    // 300 deg/s2 and 3000 deg/s3: the square root of 6 x 8 / 300, and 0.1 s.
    assert.ok(Math.abs(joiningPace(way(8), 0.1, policy) - 0.2) < 1e-9);
    assert.ok(Math.abs(joiningPace(way(-8), 0.05, policy) - 0.1) < 1e-9);
    assert.equal(joiningPace(way(8), 3, policy), 1);
  });
});
