import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freshGuard, guard } from "../../daemon/guard/guard.js";
import { plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { clearHome } from "../../daemon/motion/clear-home.js";
import { clearStep, isClear } from "../../daemon/motion/clear-step.js";
import { homePosition, planHome } from "../../daemon/motion/home-plan.js";
import type { Demand } from "../../daemon/motion/limiter.js";
import { type MotionState, movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { emptyPlacement, place } from "../../daemon/motion/placement.js";
import { type StoppingRamp, stoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { SetpointSource } from "../../daemon/types/setpoint.js";
import { elementAt, type JointVector, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { randomSource } from "../random-source.js";

const PERIOD = 0.01;
const DEGREE = Math.PI / 180;
const RULES = { limits: plannerLimits(LIMITS.policy), cell: plannerCell(LIMITS.cell), period: PERIOD };
const STOP = plannerLimits(LIMITS.stop);
const HOME = degrees(0, 10, 0, 75, 0, 95, 0);

function degrees(...angles: number[]): JointVector {
  return jointPosition(angles.map((angle) => angle * DEGREE));
}

/** Smallest margin to the guard's own bounds, m. */
function margin(q: JointVector): number {
  return Math.min(...place(q, LIMITS.cell, emptyPlacement(LIMITS.cell)).margins);
}

/** Whether the guard permits a row of setpoints that goes on from `state`; what it says against the first it refuses. */
function refusedOf(state: MotionState, path: readonly JointVector[], source: SetpointSource): string | null {
  const mode: Mode = source === "home" ? "homing" : "policy";
  let now = 100;
  let memory = { ...freshGuard(PERIOD, LIMITS), last: { ...state, dueAt: now } };
  for (const q of path) {
    now += PERIOD;
    const arm = {
      ...{ receivedAt: now, measured: jointPosition(q), status: "idle", systemErrors: [] },
      ...{ jointErrors: ZERO, jointEnabled: [true], health: null, link: QUIET_LINK },
    };
    const proposed = { source, epoch: 1, dueAt: now, q: jointPosition(q) };
    const beats = { operatorSeenAt: now, leaderSeenAt: now, guardianSeenAt: now };
    const [next, verdict] = guard(memory, { now, proposed, mode, epoch: 1, arm, ...beats });
    if (verdict.kind === "refuse" || next.last === null) {
      return JSON.stringify(verdict);
    }
    memory = { ...next, last: next.last };
  }
  return null;
}

/** Follows demands for `steps` periods; calls `look` with each state before and after. */
function follow(
  start: JointVector,
  demandOf: (step: number) => Demand,
  steps: number,
  look: (before: MotionState, after: MotionState) => void,
): MotionState {
  let state = standingAt(start);
  let braking: StoppingRamp = [];
  for (let step = 0; step < steps; step++) {
    const next = clearStep(state, braking, demandOf(step), RULES);
    const after = movedTo(state, next.q, PERIOD);
    look(state, after);
    braking = next.braking;
    state = after;
  }
  return state;
}

describe("P4, P5: a followed demand stays inside the cell, whatever it asks for", () => {
  it("and the guard permits each step, and each stopping ramp from each state to its end", () => {
    const random = randomSource(41);
    let demand: Demand = { q: HOME, v: ZERO };
    let nearest = Infinity;
    const look = (before: MotionState, after: MotionState): void => {
      assert.equal(refusedOf(before, [after.q], "policy"), null);
      nearest = Math.min(nearest, margin(after.q));
      if (random() < 0.1) {
        const ramp = stoppingRamp(after, STOP, PERIOD);
        assert.equal(refusedOf(after, ramp, "stop"), null);
      }
    };
    const wild = (step: number): Demand => {
      if (step % 60 === 0) {
        demand = {
          q: mapJoints(HOME, (angle, joint) => angle + (2 * random() - 1) * (joint === 6 ? 3 : 1.6)),
          v: ZERO,
        };
      }
      return demand;
    };
    follow(HOME, wild, 1500, look);
    assert.ok(nearest >= 0 && nearest < 0.02, `came as near as ${nearest} m`);
  });

  const pushes: readonly (readonly [what: string, demand: JointVector])[] = [
    ["the table", degrees(0, 60, 0, 60, 0, 60, 0)],
    ["the side of the box", degrees(90, 80, 0, 10, 0, 0, 0)],
    ["the front of the box", degrees(0, 85, 0, 0, 0, 0, 0)],
    ["itself", degrees(0, -20, 0, 130, 0, 120, 0)],
  ];
  for (const [what, target] of pushes) {
    it(`comes to rest before ${what}, and goes back when it is asked to`, () => {
      const way: JointVector[] = [HOME];
      const rest = follow(
        HOME,
        () => ({ q: target, v: ZERO }),
        1500,
        (_, after) => way.push(after.q),
      );
      assert.ok(Math.max(...rest.v.map(Math.abs)) < 0.02, "at rest");
      assert.ok(margin(rest.q) >= 0 && margin(rest.q) < 0.05, `${margin(rest.q)} m from the bound`);
      const back = follow(
        rest.q,
        () => ({ q: way.pop() ?? HOME, v: ZERO }),
        1800,
        () => undefined,
      );
      assert.ok(Math.max(...back.q.map((angle, joint) => Math.abs(angle - (HOME[joint] ?? 0)))) < 1e-6);
    });
  }

  it("uses the speed it may: a far target in the open is approached at more than 0.2 m/s", () => {
    let fastest = 0;
    const [one, two] = [emptyPlacement(LIMITS.cell), emptyPlacement(LIMITS.cell)];
    const out = { q: degrees(40, 45, 0, 45, 0, 60, 0), v: ZERO };
    follow(
      degrees(-40, 45, 0, 45, 0, 60, 0),
      () => out,
      400,
      (before, after) => {
        place(before.q, LIMITS.cell, one);
        place(after.q, LIMITS.cell, two);
        for (let at = 0; at < one.points.length; at += 3) {
          const apart = [0, 1, 2].map((axis) => elementAt(two.points, at + axis) - elementAt(one.points, at + axis));
          fastest = Math.max(fastest, Math.hypot(...apart) / PERIOD);
        }
      },
    );
    assert.ok(fastest > 0.2 && fastest <= LIMITS.cell.speed, `${fastest} m/s`);
  });

  it("comes back from outside a bound, and never goes further out", () => {
    const outside = degrees(0, 85, 0, 5, 0, 0, 0);
    assert.ok(margin(outside) < -0.005, "the fingertips are in front of the box");
    const plan = planHome(outside, HOME, plannerLimits(LIMITS.home));
    const way = (step: number): Demand => ({ q: homePosition(plan, 0.7 * step * PERIOD), v: ZERO });
    const state = follow(outside, way, 1500, (before, after) => {
      assert.ok(margin(after.q) >= Math.min(0, margin(before.q)) - 1e-9);
      assert.equal(refusedOf(before, [after.q], "policy"), null);
    });
    assert.ok(margin(state.q) > 0 && Math.abs(state.q[3] - HOME[3]) < 1e-6);
    const stays = follow(
      outside,
      () => ({ q: degrees(0, 85, 0, 0, 0, 0, 0), v: ZERO }),
      100,
      () => undefined,
    );
    assert.ok(margin(stays.q) >= margin(outside) - 1e-9);
  });
});

describe("isClear", () => {
  it("looks at the whole path", () => {
    const low = degrees(0, 60, 0, 60, 0, 60, 0);
    assert.equal(isClear(HOME, [HOME, HOME], RULES.cell, PERIOD), true);
    assert.equal(isClear(HOME, [HOME, low], RULES.cell, PERIOD), false);
  });
});

describe("the way home", () => {
  it("is free from the vendor's zero pose", () => {
    assert.equal(clearHome(planHome(ZERO, HOME, plannerLimits(LIMITS.home)), RULES.cell).blockedBy, null);
  });

  it("is slowed down to the speed of the cell, and the guard permits every step of it", () => {
    const from = degrees(150, 30, 0, 60, 0, 60, 170);
    const plan = planHome(from, HOME, plannerLimits(LIMITS.home));
    const clear = clearHome(plan, RULES.cell);
    assert.equal(clear.blockedBy, null);
    assert.ok(clear.plan.duration >= plan.duration);
    const path: JointVector[] = [];
    for (let at = PERIOD; at < clear.plan.duration; at += PERIOD) {
      path.push(homePosition(clear.plan, at));
    }
    assert.equal(refusedOf(standingAt(from), path, "home"), null);
  });

  it("keeps its time where it is slow enough", () => {
    const plan = planHome(degrees(0, 10, 0, 75, 0, 95, 90), HOME, plannerLimits(LIMITS.home));
    assert.equal(clearHome(plan, RULES.cell).plan.duration, plan.duration);
  });

  it("leads back in from in front of the box", () => {
    const clear = clearHome(planHome(degrees(0, 85, 0, 5, 0, 0, 0), HOME, plannerLimits(LIMITS.home)), RULES.cell);
    assert.equal(clear.blockedBy, null);
  });

  it("is blocked by what is in it, with its name", () => {
    const low = degrees(-90, 50, 0, 70, 0, 60, 0);
    const clear = clearHome(planHome(low, degrees(90, 50, 0, 70, 0, 60, 0), plannerLimits(LIMITS.home)), RULES.cell);
    assert.equal(clear.blockedBy, null);
    const through = clearHome(planHome(HOME, degrees(0, 60, 0, 60, 0, 60, 0), plannerLimits(LIMITS.home)), RULES.cell);
    assert.match(through.blockedBy ?? "", /^table after \d+\.\d s: /);
  });

  it("is nothing where the arm is home already", () => {
    const clear = clearHome(planHome(HOME, HOME, plannerLimits(LIMITS.home)), RULES.cell);
    assert.deepEqual([clear.plan.duration, clear.blockedBy], [0, null]);
  });
});
