import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Motion, motionRefusals } from "../../daemon/guard/commanded-motion.js";
import { LIMITS } from "../limits.js";
import { all, PERIOD, SOURCE_RULES, withJoint } from "./inputs.js";

const STILL: Motion = { q: all(0), v: all(0), a: all(0) };
const DEGREE = Math.PI / 180;
/** What a speed may be above its limit, rad/s; it grows with every difference that is taken. */
const ROUNDING = 1e-8;
/** J3, counted from 0. */
const JOINT = 2;

/** What is said of a motion that differs from rest in J3. */
function details(changes: Partial<Motion>, last: Motion = STILL, source: "policy" | "stop" = "policy"): string[] {
  return motionRefusals({ ...STILL, ...changes }, last, all(0), SOURCE_RULES[source], LIMITS.mostStep, PERIOD).map(
    ({ code, detail }) => `${code}: ${detail}`,
  );
}

const j3 = (value: number) => withJoint(all(0), JOINT, value);
const inDegrees = (value: number): string => (value / DEGREE).toFixed(2);

describe("what is said of a commanded motion: joint, value and bound in the unit that operators read", () => {
  const { highest, velocity, acceleration, jerk } = LIMITS.policy;
  const cases: readonly (readonly [string, string[], string])[] = [
    ["position", details({ q: j3(200 * DEGREE) }), `position: J3 at 200.00 deg, at most ${inDegrees(highest[JOINT])}`],
    ["no number", details({ q: j3(Number.NaN) }), "not-finite: J3 at NaN deg, at most Infinity"],
    [
      "velocity",
      details({ v: j3(-170 * DEGREE) }),
      `velocity: J3 at -170.00 deg/s, at most ${inDegrees(velocity[JOINT])}`,
    ],
    [
      "acceleration",
      details({ a: j3(5000 * DEGREE) }, { ...STILL, a: j3(5000 * DEGREE) }),
      `acceleration: J3 at 5000.00 deg/s2, at most ${inDegrees(acceleration[JOINT])}`,
    ],
    [
      "jerk",
      details({ a: j3(100 * DEGREE) }),
      `jerk: J3 at 10000.00 deg/s3, at most ${inDegrees(jerk[JOINT] + ROUNDING / PERIOD ** 2)}`,
    ],
    [
      "step",
      details({ v: j3(3000 * DEGREE) }),
      `step: J3 at 3000.00 deg/s, at most ${inDegrees(LIMITS.mostStep / PERIOD)}`,
    ],
    [
      "speed that rises in a ramp",
      details({ v: j3(2 * DEGREE) }, STILL, "stop"),
      "speed-rises: J3 at 2.00 deg/s, at most 0.00",
    ],
  ];
  for (const [name, said, wanted] of cases) {
    it(name, () => {
      assert.ok(said.includes(wanted), `${wanted} is not among ${said.join("; ")}`);
    });
  }
});

describe("differences of doubles round: a bound has room for that and for no more", () => {
  const rounding = { velocity: ROUNDING, acceleration: ROUNDING / PERIOD, jerk: ROUNDING / PERIOD ** 2 };
  const at = {
    velocity: (more: number) => details({ v: j3(LIMITS.policy.velocity[JOINT] + more) }),
    acceleration: (more: number) => {
      const a = j3(LIMITS.policy.acceleration[JOINT] + more);
      return details({ a }, { ...STILL, a });
    },
    jerk: (more: number) => details({ a: j3((LIMITS.policy.jerk[JOINT] + more) * PERIOD) }),
  };
  for (const name of ["velocity", "acceleration", "jerk"] as const) {
    it(name, () => {
      assert.deepEqual(at[name](rounding[name] / 2), []);
      assert.match(at[name](rounding[name] * 2).join(), new RegExp(`^${name}: J3 `));
    });
  }
});
