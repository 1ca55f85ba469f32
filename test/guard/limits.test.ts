import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CEILING, HOME_LIMITS, POLICY_LIMITS, plannerLimits, STOP_LIMITS } from "../../daemon/guard/limits.js";
import { jointAt } from "../../daemon/types/units.js";

describe("limits", () => {
  for (const [name, limits] of Object.entries({ POLICY_LIMITS, HOME_LIMITS, STOP_LIMITS })) {
    it(`${name} stays below the compiled ceilings and above its planner`, () => {
      const planner = plannerLimits(limits);
      for (let joint = 0; joint < 7; joint++) {
        assert.ok(jointAt(limits.highest, joint) <= jointAt(CEILING.position, joint));
        assert.equal(jointAt(limits.lowest, joint), -jointAt(limits.highest, joint));
        assert.ok(jointAt(limits.velocity, joint) <= jointAt(CEILING.velocity, joint));
        assert.ok(jointAt(planner.highest, joint) < jointAt(limits.highest, joint));
        assert.ok(jointAt(planner.lowest, joint) > jointAt(limits.lowest, joint));
        assert.ok(jointAt(planner.velocity, joint) < jointAt(limits.velocity, joint));
        assert.ok(jointAt(planner.acceleration, joint) < jointAt(limits.acceleration, joint));
        assert.ok(jointAt(planner.jerk, joint) < jointAt(limits.jerk, joint));
      }
    });
  }
});
