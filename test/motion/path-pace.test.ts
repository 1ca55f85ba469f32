import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MotionStream } from "../../daemon/arm/motion-stream.js";
import { atPace, permittedPace } from "../../daemon/motion/path-pace.js";
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
