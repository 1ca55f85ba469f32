import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plannerLimits } from "../../daemon/guard/limits.js";
import { homePosition, homeReached, planHome } from "../../daemon/motion/home-plan.js";
import { movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";

const PLANNER = plannerLimits(LIMITS.home);

describe("home plan", () => {
  for (const scale of [0.001, 0.02, 0.3, 1.5]) {
    it(`goes ${scale} rad in a straight line inside every bound and uses at least one fully`, () => {
      const to = mapJoints(ZERO, (_, joint) => scale * (joint % 2 === 0 ? 1 : -0.4));
      const plan = planHome(ZERO, to, PLANNER);
      const period = 0.005;
      let state = standingAt(ZERO);
      let most = 0;
      for (let at = 0; !homeReached(plan, at - period); at += period) {
        const next = movedTo(state, homePosition(plan, at), period);
        for (let joint = 0; joint < 7; joint++) {
          const jerk = Math.abs(jointAt(next.a, joint) - jointAt(state.a, joint)) / period;
          const parts = [
            Math.abs(jointAt(next.v, joint)) / jointAt(PLANNER.velocity, joint),
            Math.abs(jointAt(next.a, joint)) / jointAt(PLANNER.acceleration, joint),
            jerk / jointAt(PLANNER.jerk, joint),
          ];
          most = Math.max(most, ...parts);
        }
        state = next;
      }
      assert.ok(most <= 1 + 1e-6, `${most} of a bound`);
      assert.ok(most > 0.5, `${most} of a bound is too careful`);
      assert.deepEqual(homePosition(plan, plan.duration), to);
      assert.deepEqual(homePosition(plan, -1), ZERO);
    });
  }

  it("has arrived at once where it stands already", () => {
    const plan = planHome(ZERO, ZERO, PLANNER);
    assert.equal(homeReached(plan, 0), true);
    assert.deepEqual(homePosition(plan, 0), ZERO);
  });
});
