import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freshGuard, guard } from "../../daemon/guard/guard.js";
import { plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { clearHome } from "../../daemon/motion/clear-home.js";
import { clearStep, isClear } from "../../daemon/motion/clear-step.js";
import { homePosition, planHome } from "../../daemon/motion/home-plan.js";
import { type Demand, limitedStep } from "../../daemon/motion/limiter.js";
import { type MotionState, movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { emptyPlacement, place } from "../../daemon/motion/placement.js";
import { type StoppingRamp, stoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { SetpointSource } from "../../daemon/types/setpoint.js";
import { elementAt, type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
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

describe("how much of a step is taken", () => {
  const { limits, cell } = RULES;

  /** What an eighth, two, ... of the wished acceleration, and braking for the rest, leads to. */
  function mixed(state: MotionState, braking: StoppingRamp, demand: Demand, share: number): MotionState {
    const wished = limitedStep(state, demand, limits, PERIOD).a;
    const slowest = movedTo(state, braking[0] ?? state.q, PERIOD).a;
    const a = mapJoints(wished, (value, joint) => share * value + (1 - share) * jointAt(slowest, joint));
    const v = mapJoints(state.v, (value, joint) => value + jointAt(a, joint) * PERIOD);
    return { q: mapJoints(state.q, (value, joint) => value + jointAt(v, joint) * PERIOD), v, a };
  }

  it("all of it where that is clear, else the most eighths that are, at last braking alone; and the way to rest from there", () => {
    const shares = new Map<number, number>();
    for (const target of [degrees(0, 60, 0, 60, 0, 60, 0), degrees(90, 80, 0, 10, 0, 0, 0)]) {
      const demand = { q: target, v: ZERO };
      let state = standingAt(HOME);
      let braking: StoppingRamp = [];
      for (let step = 0; step < 400; step++) {
        const next = clearStep(state, braking, demand, RULES);
        shares.set(next.share, (shares.get(next.share) ?? 0) + 1);
        const isFree = (share: number): boolean => {
          const to = share === 1 ? limitedStep(state, demand, limits, PERIOD) : mixed(state, braking, demand, share);
          return isClear(state.q, [to.q, ...stoppingRamp(to, limits, PERIOD)], cell, PERIOD);
        };
        if (next.share < 1) {
          assert.ok(!isFree(1), `step ${step}: a whole step would be clear`);
          assert.ok(next.share === 0.875 || !isFree(next.share + 0.125), `step ${step}: an eighth more would be clear`);
        }
        if (next.share === 0) {
          assert.deepEqual([next.q, next.braking], [braking[0] ?? state.q, braking.slice(1)]);
        } else {
          const to =
            next.share === 1 ? limitedStep(state, demand, limits, PERIOD) : mixed(state, braking, demand, next.share);
          assert.deepEqual([next.q, next.braking], [to.q, stoppingRamp(to, limits, PERIOD)]);
        }
        state = movedTo(state, next.q, PERIOD);
        braking = next.braking;
      }
    }
    assert.ok([...shares.keys()].every((share) => Number.isInteger(share * 8)));
    assert.ok((shares.get(1) ?? 0) > 20 && (shares.get(0) ?? 0) > 20 && shares.size > 4, JSON.stringify([...shares]));
  });
});

describe("isClear", () => {
  const LOW = degrees(0, 60, 0, 60, 0, 60, 0);

  it("looks at the whole path", () => {
    assert.equal(isClear(HOME, [HOME, HOME], RULES.cell, PERIOD), true);
    assert.equal(isClear(HOME, [HOME, LOW], RULES.cell, PERIOD), false);
    assert.equal(isClear(HOME, [], RULES.cell, PERIOD), true);
  });

  it("at each of the first ten positions, then at every fourth, and at the last", () => {
    const seen = Array.from({ length: 28 }, (_, at) => {
      const path = Array.from({ length: 28 }, (_, index) => (index === at ? LOW : HOME));
      return isClear(HOME, path, RULES.cell, PERIOD) ? "" : at;
    }).filter((at) => at !== "");
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17, 21, 25, 27]);
  });

  it("at the speed between the positions that it looks at", () => {
    // J1 swings the hand in the open, its point about 0.46 m from the axis; ten positions that stand go before.
    const swing = (speed: number): JointVector[] =>
      Array.from({ length: 40 }, (_, index) => withJ1(Math.max(0, index - 9) * speed * PERIOD));
    const withJ1 = (angle: number): JointVector => mapJoints(HOME, (q, joint) => (joint === 0 ? angle : q));
    const reach = Math.max(...speedsOf(swing(0.1).slice(20, 22)).map((speed) => speed / 0.1));
    const most = RULES.cell.speed / reach;
    assert.equal(isClear(HOME, swing(most * 0.97), RULES.cell, PERIOD), true);
    assert.equal(isClear(HOME, swing(most * 1.03), RULES.cell, PERIOD), false);
  });

  /** Of each control point from one position to the next, m/s. */
  function speedsOf([from, to]: readonly JointVector[]): number[] {
    const [before, after] = [from ?? HOME, to ?? HOME].map(
      (q) => place(q, RULES.cell, emptyPlacement(RULES.cell)).points,
    );
    return Array.from(
      { length: (after?.length ?? 0) / 3 },
      (_, point) =>
        Math.hypot(...[0, 1, 2].map((axis) => (after?.[3 * point + axis] ?? 0) - (before?.[3 * point + axis] ?? 0))) /
        PERIOD,
    );
  }
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
