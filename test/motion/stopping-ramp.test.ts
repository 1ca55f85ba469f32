import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FADE_PART, plannerLimits } from "../../daemon/guard/limits.js";
import { limitedStep } from "../../daemon/motion/limiter.js";
import { type MotionState, movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { stoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { randomSource } from "../random-source.js";

const POLICY = plannerLimits(LIMITS.policy);
const STOP = plannerLimits(LIMITS.stop);

/** States that the limiter really produces. */
function* reachedStates(seed: number, steps: number, period: number): Generator<MotionState> {
  const random = randomSource(seed);
  let state = standingAt(ZERO);
  let target = ZERO;
  for (let step = 0; step < steps; step++) {
    target = random() < 0.04 ? mapJoints(ZERO, () => (2 * random() - 1) * 4) : target;
    state = limitedStep(state, { q: target, v: ZERO }, POLICY, period);
    yield state;
  }
}

describe("stopping ramp", () => {
  it("ends for a motion that is no number, so that the guard can refuse it instead of the thread hanging", () => {
    const state = { ...standingAt(ZERO), a: mapJoints(ZERO, () => Number.NaN) };
    assert.ok(stoppingRamp(state, STOP, 0.01).length <= 1000);
  });

  it("ends after a thousand periods where a joint can hardly brake at all, and the others brake by themselves", () => {
    const feeble = (values: JointVector) => mapJoints(values, (value, joint) => (joint === 4 ? 1e-9 : value));
    const limits = { ...STOP, acceleration: feeble(STOP.acceleration), jerk: feeble(STOP.jerk) };
    const ramp = stoppingRamp({ q: ZERO, v: [0, 0.5, 0, 0, 0.01, 0, 0], a: ZERO }, limits, 0.01);
    assert.equal(ramp.length, 1000);
    assert.ok(ramp.every((position) => jointAt(position, 1) < 0.2));
  });

  for (const period of [0.01, 0.005]) {
    it(`ends at rest within bounds and never gets faster, period ${period} s`, () => {
      let longest = 0;
      for (const start of reachedStates(11, 1500, period)) {
        let state = start;
        const ramp = stoppingRamp(start, STOP, period);
        longest = Math.max(longest, ramp.length * period);
        for (const q of ramp) {
          const next = movedTo(state, q, period);
          for (let joint = 0; joint < 7; joint++) {
            const [v, a] = [jointAt(next.v, joint), jointAt(next.a, joint)];
            const [was, wasA] = [jointAt(state.v, joint), jointAt(state.a, joint)];
            const jerk = Math.abs(a - wasA) / period;
            const fade = Math.max(0, Math.abs(wasA) - FADE_PART * jointAt(LIMITS.stop.jerk, joint) * period);
            const unavoidable = Math.max(Math.abs(was), Math.abs(was + Math.sign(wasA) * fade * period));
            assert.ok(Math.abs(a) <= jointAt(STOP.acceleration, joint) * (1 + 1e-9));
            assert.ok(jerk <= jointAt(STOP.jerk, joint) * (1 + 1e-6) + 1e-6, `jerk ${jerk}`);
            assert.ok(Math.abs(v) <= unavoidable + 1e-9, `J${joint + 1} from ${was} to ${v}`);
          }
          state = next;
        }
        assert.ok(
          state.v.every((v) => Math.abs(v) < 1e-6),
          "at rest",
        );
        assert.ok(
          state.a.every((a) => Math.abs(a) < 1e-3),
          "without acceleration",
        );
      }
      // 25 ms to fade, then 28.5/285 s and half a jerk ramp.
      assert.ok(longest <= 0.21, `longest ${longest} s`);
    });
  }

  it("stays on the straight line of the motion", () => {
    const v = [0.4, -0.2, 0.1, 0, 0.3, 0.6, -0.5] as const;
    const ramp = stoppingRamp({ q: ZERO, v, a: ZERO }, STOP, 0.01);
    for (const q of ramp) {
      const part = q[0] / v[0];
      assert.ok(q.every((angle, joint) => Math.abs(angle - part * jointAt(v, joint)) < 1e-12));
    }
  });

  it("lets each joint brake by itself where the straight line would leave the position limits", () => {
    // J2 is slow and close to its limit; J6 is fast and needs the longest.
    const q = mapJoints(ZERO, (_, joint) => (joint === 1 ? jointAt(STOP.highest, 1) - 0.002 : 0));
    const ramp = stoppingRamp({ q, v: [0, 0.05, 0, 0, 0, 0.95, 0], a: ZERO }, STOP, 0.01);
    assert.ok(ramp.every((position) => jointAt(position, 1) <= jointAt(STOP.highest, 1)));
    const end = ramp.at(-1) ?? q;
    assert.ok(jointAt(end, 5) > 0.05);
  });

  it("is empty for an arm that stands", () => {
    assert.deepEqual(stoppingRamp(standingAt(ZERO), STOP, 0.01), []);
  });
});
