import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MotionLimits, plannerLimits } from "../../daemon/guard/limits.js";
import { brakingAcceleration, brakingReach } from "../../daemon/motion/joint-braking.js";
import { limitedStep } from "../../daemon/motion/limiter.js";
import { type MotionState, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { stoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { randomSource } from "../random-source.js";
import { runs } from "../runs.js";

const PLANNER = plannerLimits(LIMITS.policy);
const STOP = plannerLimits(LIMITS.stop);
const DEGREE = Math.PI / 180;
const PERIODS = [0.01, 0.005];
/** Joint steps of the random walk, over both periods. */
const STEPS = runs(1_050_000);

function all(value: number): JointVector {
  return mapJoints(ZERO, () => value);
}

function violations(before: MotionState, after: MotionState, limits: MotionLimits, period: number): string[] {
  const found: string[] = [];
  for (let joint = 0; joint < 7; joint++) {
    const [q, v, a] = [jointAt(after.q, joint), jointAt(after.v, joint), jointAt(after.a, joint)];
    const jerk = (a - jointAt(before.a, joint)) / period;
    const checks: readonly (readonly [string, number])[] = [
      ["above", q - jointAt(limits.highest, joint)],
      ["below", jointAt(limits.lowest, joint) - q],
      ["velocity", Math.abs(v) - jointAt(limits.velocity, joint)],
      ["acceleration", Math.abs(a) - jointAt(limits.acceleration, joint)],
      ["jerk", (Math.abs(jerk) - jointAt(limits.jerk, joint)) * period * period],
    ];
    for (const [what, excess] of checks) {
      if (!(excess <= 1e-9)) {
        found.push(`J${joint + 1} ${what} exceeded by ${excess}`);
      }
    }
  }
  return found;
}

describe("limiter", () => {
  it("never leaves a bound, whatever is demanded", () => {
    const random = randomSource(7501);
    for (const period of PERIODS) {
      let state = standingAt(ZERO);
      let demand = { q: ZERO, v: ZERO };
      for (let step = 0; step < STEPS / 7 / PERIODS.length; step++) {
        // Jumps anywhere, also far beyond every limit; long pushes against the position limits; noise.
        if (random() < 0.03) {
          const wild = random() < 0.3 ? 100 : 3.5;
          demand = {
            q: mapJoints(ZERO, () => (2 * random() - 1) * wild),
            v: mapJoints(ZERO, () => (random() < 0.5 ? 0 : (2 * random() - 1) * wild)),
          };
        } else if (random() < 0.1) {
          demand = { ...demand, q: mapJoints(state.q, (q) => q + (2 * random() - 1) * 0.02) };
        }
        const next = limitedStep(state, demand, PLANNER, period);
        const found = violations(state, next, PLANNER, period);
        assert.deepEqual(found, [], `step ${step} at ${period} s`);
        state = next;
      }
    }
  });

  it("brakes into a velocity bound that falls below the present velocity, within acceleration and jerk", () => {
    const random = randomSource(7503);
    const period = 0.01;
    let state = standingAt(ZERO);
    let target = ZERO;
    let limits = PLANNER;
    let fell = 0;
    let beyond = 0;
    for (let step = 0; step < runs(40_000); step++) {
      target = random() < 0.02 ? mapJoints(ZERO, () => (2 * random() - 1) * 2) : target;
      if (random() < 0.05) {
        const pace = 0.1 + 0.9 * random();
        limits = { ...PLANNER, velocity: mapJoints(PLANNER.velocity, (most) => most * pace) };
        fell += state.v.some((v, joint) => Math.abs(v) > jointAt(limits.velocity, joint)) ? 1 : 0;
      }
      const next = limitedStep(state, { q: target, v: ZERO }, limits, period);
      const [before, after] = [state, next].map(({ v }) =>
        Math.max(...v.map((speed, joint) => Math.abs(speed) - jointAt(limits.velocity, joint))),
      );
      // What the acceleration still adds while it fades.
      beyond = (after ?? 0) > 1e-9 ? beyond + 1 : 0;
      assert.ok(beyond < 60, `${after} rad/s too fast for 0.6 s, ${before} before`);
      assert.deepEqual(violations(state, next, { ...limits, velocity: PLANNER.velocity }, period), [], `step ${step}`);
      state = next;
    }
    assert.ok(fell > runs(100), `${fell} times`);
  });

  it("can stop inside the position limits from every state that it reaches", () => {
    const random = randomSource(7502);
    const period = 0.01;
    let state = standingAt(ZERO);
    let target = ZERO;
    for (let step = 0; step < runs(4000); step++) {
      target = random() < 0.02 ? mapJoints(ZERO, () => (random() < 0.5 ? -4 : 4)) : target;
      state = limitedStep(state, { q: target, v: ZERO }, PLANNER, period);
      const end = stoppingRamp(state, STOP, period).at(-1) ?? state.q;
      for (let joint = 0; joint < 7; joint++) {
        assert.ok(jointAt(end, joint) <= jointAt(PLANNER.highest, joint) + 1e-9);
        assert.ok(jointAt(end, joint) >= jointAt(PLANNER.lowest, joint) - 1e-9);
      }
    }
  });

  it("takes off no more than it must at a position limit: a little less, and braking would end beyond it", () => {
    const random = randomSource(7504);
    const period = 0.01;
    const open = { ...PLANNER, lowest: all(-100), highest: all(100) };
    let state = standingAt(ZERO);
    let target = ZERO;
    let held = 0;
    for (let step = 0; step < runs(10_000); step++) {
      target = random() < 0.01 ? mapJoints(ZERO, () => (random() < 0.5 ? -8 : 8)) : target;
      const wanted = limitedStep(state, { q: target, v: ZERO }, open, period);
      const next = limitedStep(state, { q: target, v: ZERO }, PLANNER, period);
      for (let joint = 0; joint < 7; joint++) {
        const [given, taken] = [jointAt(wanted.a, joint), jointAt(next.a, joint)];
        if (given !== taken) {
          held += 1;
          const way = Math.sign(given - taken);
          const a = taken + way * Math.min(1e-6, Math.abs(given - taken));
          const v = jointAt(state.v, joint) + a * period;
          const q = jointAt(state.q, joint) + v * period;
          const reach = brakingReach(way * v, way * a, {
            ...{ acceleration: jointAt(PLANNER.acceleration, joint), jerk: jointAt(PLANNER.jerk, joint), period },
          });
          assert.ok(way * q + reach > jointAt(PLANNER.highest, joint), `J${joint + 1} in step ${step}`);
        }
      }
      state = next;
    }
    assert.ok(held > runs(1000), `${held} times`);
  });

  it("brakes where the demand is no number", () => {
    const state = { ...standingAt(ZERO), v: all(0.3) };
    const bounds = { acceleration: jointAt(PLANNER.acceleration, 3), jerk: jointAt(PLANNER.jerk, 3), period: 0.01 };
    const { a } = limitedStep(state, { q: all(Number.NaN), v: ZERO }, PLANNER, 0.01);
    assert.equal(jointAt(a, 3), brakingAcceleration(0.3, 0, bounds));
    assert.ok(a.every((value) => value < 0));
  });

  it("goes to a far target without overshoot and stays there", () => {
    const target = mapJoints(ZERO, (_, joint) => (joint % 2 === 0 ? 0.4 : -0.4));
    let state = standingAt(ZERO);
    for (let step = 0; step < 300; step++) {
      state = limitedStep(state, { q: target, v: ZERO }, PLANNER, 0.01);
      for (let joint = 0; joint < 7; joint++) {
        assert.ok(Math.abs(jointAt(state.q, joint)) <= 0.4 + 1e-9);
      }
    }
    assert.ok(state.q.every((q, joint) => Math.abs(q - jointAt(target, joint)) < 1e-9));
    assert.ok(state.v.every((v) => Math.abs(v) < 1e-9));
  });

  it("brakes to rest at a target where rounding leaves no acceleration that meets it", () => {
    // A state that P1 came upon: the two accelerations on either side of the target are neighbours, and both miss it.
    let state: MotionState = {
      q: [0.11231717335359101, 0, 0, 0, 0, 0, 0],
      v: [-0.407883446191075, 0, 0, 0, 0, 0, 0],
      a: [-2.2383847656827234, 0, 0, 0, 0, 0, 0],
    };
    const target: JointVector = [Number.MIN_VALUE, 0, 0, 0, 0, 0, 0];
    let lowest = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 100; step++) {
      const next = limitedStep(state, { q: target, v: ZERO }, PLANNER, 0.01);
      assert.deepEqual(violations(state, next, PLANNER, 0.01), []);
      lowest = Math.min(lowest, jointAt(next.q, 0));
      state = next;
    }
    assert.ok(lowest >= -1e-9, `${lowest} rad beyond it`);
    assert.ok(Math.abs(jointAt(state.q, 0)) < 1e-9 && Math.abs(jointAt(state.v, 0)) < 1e-9);
  });

  it("takes no longer than time-optimal motion plus four periods", () => {
    // 5 degrees on J1: acceleration A and jerk are reached, the speed limit is not. With jerk ramps of length r, each
    // half of length L ends at speed A (L - r), and the whole way is A (L - r) L.
    const [acceleration, jerk] = [jointAt(PLANNER.acceleration, 0), jointAt(PLANNER.jerk, 0)];
    const ramp = acceleration / jerk;
    const distance = 5 * DEGREE;
    const half = ramp / 2 + Math.sqrt((ramp / 2) ** 2 + distance / acceleration);
    let state = standingAt(ZERO);
    let steps = 0;
    while (Math.abs(jointAt(state.q, 0) - distance) > 1e-6 && steps < 1000) {
      state = limitedStep(state, { q: [distance, 0, 0, 0, 0, 0, 0], v: ZERO }, PLANNER, 0.01);
      steps += 1;
    }
    assert.ok(steps * 0.01 <= 2 * half + 0.04, `${steps} steps, optimal are ${(200 * half).toFixed(1)}`);
  });

  it("follows a demand inside the bounds with less than 0.01 degrees of error", () => {
    const [amplitude, turn, period] = [8 * DEGREE, 2 * Math.PI * 0.35, 0.01];
    let state = standingAt(ZERO);
    let worst = 0;
    for (let step = 1; step < 1500; step++) {
      const phase = turn * step * period;
      const q = amplitude * (1 - Math.cos(phase));
      state = limitedStep(state, { q: all(q), v: all(amplitude * turn * Math.sin(phase)) }, PLANNER, period);
      worst = step > 50 ? Math.max(worst, ...state.q.map((angle) => Math.abs(angle - q))) : worst;
    }
    assert.ok(worst < 0.01 * DEGREE, `${worst / DEGREE} degrees`);
  });

  it("lets a joint that stands outside the limits come back, and not go further", () => {
    const outside = jointAt(PLANNER.highest, 1) + 0.2 * DEGREE;
    let state = standingAt([0, outside, 0, 0, 0, 0, 0]);
    state = limitedStep(state, { q: [0, 3, 0, 0, 0, 0, 0], v: ZERO }, PLANNER, 0.01);
    assert.ok(jointAt(state.q, 1) <= outside);
    for (let step = 0; step < 200; step++) {
      state = limitedStep(state, { q: [0, outside - 0.1, 0, 0, 0, 0, 0], v: ZERO }, PLANNER, 0.01);
    }
    assert.ok(Math.abs(jointAt(state.q, 1) - (outside - 0.1)) < 1e-9);
  });

  it("keeps the tighter speed of homing too", () => {
    const limits = plannerLimits(LIMITS.home);
    let state = standingAt(ZERO);
    for (let step = 0; step < 300; step++) {
      const next = limitedStep(state, { q: all(2), v: all(9) }, limits, 0.01);
      assert.deepEqual(violations(state, next, limits, 0.01), []);
      state = next;
    }
  });
});
