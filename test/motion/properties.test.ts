import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { clearHome } from "../../daemon/motion/clear-home.js";
import { homePosition, planHome } from "../../daemon/motion/home-plan.js";
import { limitedStep } from "../../daemon/motion/limiter.js";
import { type MotionState, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { stoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { demandAt, type Timeline } from "../../daemon/motion/timeline.js";
import { type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { runs } from "../runs.js";
import { runBlock } from "./limiter-block.js";

const DEGREE = Math.PI / 180;
const PERIOD = 0.01;

const joints = (most: number): fc.Arbitrary<JointVector> => {
  const one = fc.double({ min: -most, max: most, noNaN: true });
  return fc.tuple(one, one, one, one, one, one, one);
};

/** Chunk targets 0.1 s apart from a motion at instant 0. */
const timelines: fc.Arbitrary<Timeline> = fc
  .record({ q: joints(1), v: joints(0.5), targets: fc.array(joints(1), { minLength: 1, maxLength: 8 }) })
  .map(({ q, v, targets }) => ({
    anchor: { at: 0, q, v },
    targets: targets.map((to, index) => ({ dueAt: 0.1 * (index + 1), q: jointPosition(to), gripper: 0 })),
  }));

/** The same targets, `stretch` times as slow, all instants later by `shift`. */
function retimed({ anchor, targets }: Timeline, stretch: number, shift: number): Timeline {
  return {
    anchor: { at: anchor.at * stretch + shift, q: anchor.q, v: mapJoints(anchor.v, (v) => v / stretch) },
    targets: targets.map((target) => ({ ...target, dueAt: target.dueAt * stretch + shift })),
  };
}

function apart(one: JointVector, other: JointVector): number {
  return Math.max(...one.map((value, joint) => Math.abs(value - jointAt(other, joint))));
}

/** How far `q` lies from the straight line through `from` along `way`, rad. */
function offLine(q: JointVector, from: JointVector, way: JointVector): number {
  const out = mapJoints(q, (value, joint) => value - jointAt(from, joint));
  const length = Math.hypot(...way);
  const along =
    length < 1e-9 ? 0 : out.reduce((sum, value, joint) => sum + value * jointAt(way, joint), 0) / length ** 2;
  return Math.hypot(...mapJoints(out, (value, joint) => value - along * jointAt(way, joint)));
}

describe("P1, P2, P3: position and the way to rest, speed, acceleration and jerk stay inside their bounds", () => {
  for (const block of [0, 1, 2, 3, 4, 5, 6, 7, 19]) {
    it(`block ${block} of random demands`, () => {
      assert.deepEqual(runBlock(block, runs(block === 19 ? 3000 : 6000)).violations, []);
    });
  }

  it("from any state that the limiter reaches, the way to rest keeps every bound in every period", () => {
    const limits = plannerLimits(LIMITS.policy);
    const stop = plannerLimits(LIMITS.stop);
    fc.assert(
      fc.property(
        joints(2),
        fc.array(joints(4), { minLength: 1, maxLength: 6 }),
        fc.nat(30),
        (start, targets, more) => {
          let state = standingAt(mapJoints(start, (q, joint) => Math.min(q, jointAt(limits.highest, joint))));
          for (const q of targets) {
            for (let step = 0; step < 10 + more; step++) {
              state = limitedStep(state, { q, v: ZERO }, limits, PERIOD);
            }
          }
          let last: MotionState = state;
          for (const q of stoppingRamp(state, stop, PERIOD)) {
            const v = mapJoints(q, (angle, joint) => (angle - jointAt(last.q, joint)) / PERIOD);
            const a = mapJoints(v, (speed, joint) => (speed - jointAt(last.v, joint)) / PERIOD);
            for (let joint = 0; joint < 7; joint++) {
              assert.ok(Math.abs(jointAt(q, joint)) <= jointAt(stop.highest, joint) + 1e-9);
              assert.ok(Math.abs(jointAt(v, joint)) <= jointAt(stop.velocity, joint) + 1e-9);
              assert.ok(Math.abs(jointAt(a, joint)) <= jointAt(stop.acceleration, joint) + 1e-7);
            }
            last = { q, v, a };
          }
          assert.ok(apart(last.v, ZERO) < 1e-6, "at rest");
        },
      ),
      { numRuns: runs(60) },
    );
  });
});

describe("P9: a change of time alone leaves the path as it is", () => {
  it("chunk targets, stretched in time, lead along the same curve", () => {
    fc.assert(
      fc.property(timelines, fc.double({ min: 0.5, max: 4, noNaN: true }), fc.nat(1000), (timeline, stretch, part) => {
        const at = (part / 1000) * 0.1 * timeline.targets.length;
        const slow = demandAt(retimed(timeline, stretch, 0), at * stretch);
        const fast = demandAt(timeline, at);
        assert.ok(apart(slow.q, fast.q) < 1e-9);
        assert.ok(
          apart(
            mapJoints(slow.v, (v) => v * stretch),
            fast.v,
          ) < 1e-6,
        );
      }),
      { numRuns: runs(500) },
    );
  });

  it("the way home, slowed down by the cell, is the same straight line", () => {
    const home = jointPosition([0, 10, 0, 75, 0, 95, 0].map((angle) => angle * DEGREE));
    const cell = plannerCell(LIMITS.cell);
    fc.assert(
      fc.property(joints(0.5), fc.nat(100), (off, part) => {
        const from = mapJoints(home, (angle, joint) => angle + jointAt(off, joint));
        const { plan } = clearHome(planHome(from, home, plannerLimits(LIMITS.home)), cell);
        const q = homePosition(plan, (part / 100) * plan.duration);
        assert.ok(
          offLine(
            q,
            from,
            mapJoints(home, (angle, joint) => angle - jointAt(from, joint)),
          ) < 1e-9,
        );
      }),
      { numRuns: runs(30) },
    );
  });

  it("a speed next to nothing is rest", () => {
    const stop = plannerLimits(LIMITS.stop);
    for (const speed of [Number.MIN_VALUE, 1e-310, 1e-307, 1e-200, 1e-11]) {
      assert.deepEqual(stoppingRamp({ q: ZERO, v: [0, 0, 0, speed, 0, 0, 0], a: ZERO }, stop, PERIOD), []);
    }
  });

  it("a stopping ramp goes on along the line of its motion", () => {
    const stop = plannerLimits(LIMITS.stop);
    fc.assert(
      fc.property(joints(0.3), joints(0.5), (q, v) => {
        for (const next of stoppingRamp({ q, v, a: ZERO }, stop, PERIOD)) {
          assert.ok(offLine(next, q, v) < 0.05 * DEGREE);
        }
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("P10: the same later is the same", () => {
  it("a curve through chunk targets, and the motion that follows it", () => {
    const limits = plannerLimits(LIMITS.policy);
    fc.assert(
      fc.property(timelines, fc.integer({ min: 1, max: 2 ** 20 }), (timeline, shift) => {
        const later = retimed(timeline, 1, shift);
        let [one, other] = [standingAt(timeline.anchor.q), standingAt(timeline.anchor.q)];
        for (let tick = 1; tick < 10 * timeline.targets.length; tick++) {
          one = limitedStep(one, demandAt(timeline, (tick + 0.5) * PERIOD), limits, PERIOD);
          other = limitedStep(other, demandAt(later, shift + (tick + 0.5) * PERIOD), limits, PERIOD);
          assert.ok(apart(one.q, other.q) < 1e-7);
        }
      }),
      { numRuns: runs(30) },
    );
  });
});
