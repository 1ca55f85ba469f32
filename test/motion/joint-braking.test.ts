import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  accelerationFor,
  atRest,
  brakingAcceleration,
  brakingDistance,
  brakingReach,
  type JointBounds,
} from "../../daemon/motion/joint-braking.js";
import { randomSource } from "../random-source.js";

const BOUNDS: JointBounds = { acceleration: 5, jerk: 35, period: 0.01 };

function close(value: number, wanted: number, within = 1e-9): void {
  assert.ok(Math.abs(value - wanted) <= within, `${value} instead of ${wanted}`);
}

describe("braking of one joint, by hand", () => {
  it("from a speed that jerk alone takes away: up and down again, half the speed in each half", () => {
    // Four periods of -jerk, four of +jerk: accelerations of 1, 2, 3, 4, 3, 2, 1, 0 times jerk T, sixteen in all.
    const change = BOUNDS.jerk * BOUNDS.period;
    const v = 16 * change * BOUNDS.period;
    close(brakingAcceleration(v, 0, BOUNDS), -change);
    // Speeds after each: 15, 13, 10, 6, 3, 1, 0 times jerk T2.
    const wanted = (15 + 13 + 10 + 6 + 3 + 1) * change * BOUNDS.period ** 2;
    close(brakingDistance(v, 0, BOUNDS), wanted);
    close(brakingDistance(-v, 0, BOUNDS), -wanted);
    close(brakingReach(v, 0, BOUNDS), wanted);
    assert.equal(brakingReach(-v, 0, BOUNDS), 0);
  });

  it("an acceleration that fades: from one whole jerk T nothing, from k of them the sum below", () => {
    const change = BOUNDS.jerk * BOUNDS.period;
    for (const [steps, whole] of [
      [1, 1],
      [3, 2],
      [6, 3],
    ] as const) {
      close(accelerationFor(steps * change * BOUNDS.period, BOUNDS.jerk, BOUNDS.period), whole * change);
      close(accelerationFor(-steps * change * BOUNDS.period, BOUNDS.jerk, BOUNDS.period), -whole * change);
    }
    assert.equal(accelerationFor(0, BOUNDS.jerk, BOUNDS.period), 0);
  });

  it("reach is the farthest point of the way whose end is the distance", () => {
    const random = randomSource(7505);
    for (let trial = 0; trial < 200; trial++) {
      let v = (2 * random() - 1) * 2;
      let a = (2 * random() - 1) * BOUNDS.acceleration;
      const [reach, distance] = [brakingReach(v, a, BOUNDS), brakingDistance(v, a, BOUNDS)];
      let [q, farthest] = [0, 0];
      for (let tick = 0; tick < 500; tick++) {
        a = brakingAcceleration(v, a, BOUNDS);
        v += a * BOUNDS.period;
        q += v * BOUNDS.period;
        farthest = Math.max(farthest, q);
      }
      close(q, distance, 1e-6);
      close(reach, farthest, 1e-6);
    }
  });

  it("at rest: below 1e-10 rad/s, and below that in what one period adds", () => {
    assert.equal(atRest(0, 0, 0.01), true);
    assert.equal(atRest(9e-11, 9e-9, 0.01), true);
    assert.equal(atRest(-9e-11, -9e-9, 0.01), true);
    assert.equal(atRest(1.1e-10, 0, 0.01), false);
    assert.equal(atRest(0, 1.1e-8, 0.01), false);
  });

  it("ends after 5000 periods where the bounds would have it brake for hours", () => {
    const feeble = { ...BOUNDS, acceleration: 1e-9, jerk: 1e-9 };
    close(brakingDistance(1, 0, feeble), 50, 0.005);
    close(brakingReach(1, 0, feeble), 50, 0.005);
  });
});
