import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { freshGuard, guard } from "../../daemon/guard/guard.js";
import { type Limits, plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { clearHome } from "../../daemon/motion/clear-home.js";
import { clearStep } from "../../daemon/motion/clear-step.js";
import { planHome } from "../../daemon/motion/home-plan.js";
import { movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { type Cell, emptyPlacement, place, type TablePlane, withTablePlane } from "../../daemon/motion/placement.js";
import type { StoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import type { SetpointSource } from "../../daemon/types/setpoint.js";
import { type JointVector, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { pointByScrews } from "../motion/product-of-exponentials.js";
import { all, armAt, input, NOW, PERIOD, SOURCES } from "./inputs.js";

const DEGREE = Math.PI / 180;
const STILL = all(0);
const HOME = degrees(0, 10, 0, 75, 0, 95, 0);

function degrees(...angles: number[]): JointVector {
  return jointPosition(angles.map((angle) => angle * DEGREE));
}

/** A plane that leans by so many degrees towards a direction, and passes so high under the middle of the table, m. */
function leaning(tilt: number, towards: number, height: number): TablePlane {
  const [lean, way] = [tilt * DEGREE, towards * DEGREE];
  const normal = [Math.sin(lean) * Math.cos(way), Math.sin(lean) * Math.sin(way), Math.cos(lean)] as const;
  return { normal, height: normal[0] * 0.35 + normal[2] * height };
}

function limitsWith(plane: TablePlane): Limits {
  return { ...LIMITS, cell: withTablePlane(LIMITS.cell, plane) };
}

/** How far a point by screws is above a plane, worked out from the point in the plane under the middle of the table. */
function over({ normal, height }: TablePlane, point: readonly [number, number, number]): number {
  const under = [normal[0] * height, normal[1] * height, normal[2] * height] as const;
  return (point[0] - under[0]) * normal[0] + (point[1] - under[1]) * normal[1] + (point[2] - under[2]) * normal[2];
}

/** What the guard says of the table against going from `last` to `q` in one period. */
function tableCodes(limits: Limits, source: SetpointSource, last: JointVector, q: JointVector): readonly string[] {
  const state = { ...freshGuard(PERIOD, limits), last: { dueAt: NOW - PERIOD, q: last, v: STILL, a: STILL } };
  const [, verdict] = guard(state, input(source, q, { arm: armAt(jointPosition(q)) }));
  const codes = verdict.kind === "permit" ? [] : verdict.refusals.map(({ code }) => code);
  return [...new Set(codes)].sort();
}

/** Every part of the range as often: the library's own doubles crowd at nothing. */
function evenly(lowest: number, highest: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1_000_000 }).map((part) => lowest + ((highest - lowest) * part) / 1_000_000);
}

const pose = fc
  .tuple(evenly(-2, 2), evenly(0.2, 1.9), evenly(-0.5, 0.5), evenly(-2, 2), evenly(-1, 1), evenly(-2, 2), evenly(-3, 3))
  .map((angles) => jointPosition(angles));
const rates = fc.array(evenly(-1, 1), { minLength: 7, maxLength: 7 });
const plane = fc
  .tuple(evenly(0, 10), evenly(-180, 180), evenly(-0.05, 0.3))
  .map(([tilt, towards, height]) => leaning(tilt, towards, height));

describe("ML-10: a table whose plane was measured", () => {
  it("has fingertips and housings above it in whatever is permitted, by the product of exponentials", () => {
    let [permitted, refused] = [0, 0];
    fc.assert(
      fc.property(pose, rates, plane, fc.constantFrom(...SOURCES), (last, rate, table, source) => {
        const limits = limitsWith(table);
        const q = mapJoints(last, (angle, joint) => angle + (rate[joint] ?? 0) * PERIOD);
        if (tableCodes(limits, source, last, q).includes("table")) {
          refused += 1;
          return;
        }
        permitted += 1;
        const { points, capsules } = LIMITS.cell.body;
        for (const { frame, at } of points.filter(({ fingertip }) => fingertip)) {
          const [was, is] = [last, q].map((angles) => over(table, pointByScrews(angles, frame, at)) - 0.005);
          assert.ok((is ?? -1) >= Math.min(0, was ?? -1) - 1e-8, "a fingertip");
        }
        for (const { frame, from, to, radius } of capsules.filter((one) => one.overTable)) {
          const [was, is] = [last, q].map(
            (angles) => Math.min(...[from, to].map((end) => over(table, pointByScrews(angles, frame, end)))) - radius,
          );
          assert.ok((is ?? -1) - 0.04 >= Math.min(0, (was ?? -1) - 0.04) - 1e-8, "a housing");
        }
      }),
      { numRuns: 3000, seed: 21 },
    );
    assert.ok(permitted > 300 && refused > 300, `${permitted} permitted, ${refused} refused`);
  });

  it("only adds to what is refused without it", () => {
    let more = 0;
    fc.assert(
      fc.property(pose, rates, plane, fc.constantFrom(...SOURCES), (last, rate, table, source) => {
        const q = mapJoints(last, (angle, joint) => angle + (rate[joint] ?? 0) * PERIOD);
        const without = tableCodes(LIMITS, source, last, q);
        const found = tableCodes(limitsWith(table), source, last, q);
        assert.deepEqual(
          without.filter((code) => !found.includes(code)),
          [],
        );
        assert.deepEqual(
          found.filter((code) => code !== "table" && !without.includes(code)),
          [],
        );
        more += found.length > without.length ? 1 : 0;
      }),
      { numRuns: 2000, seed: 22 },
    );
    assert.ok(more > 100, `${more} refused by the plane alone`);
  });

  it("that is the level table of the limits refuses the same", () => {
    const level = limitsWith({ normal: [0, 0, 1], height: LIMITS.cell.table.height });
    fc.assert(
      fc.property(pose, rates, (last, rate) => {
        const q = mapJoints(last, (angle, joint) => angle + (rate[joint] ?? 0) * PERIOD);
        assert.deepEqual(tableCodes(level, "policy", last, q), tableCodes(LIMITS, "policy", last, q));
      }),
      { numRuns: 500, seed: 23 },
    );
  });

  for (const [tilt, towards, height] of [
    [3, 0, 0.02],
    [3, 180, 0.02],
    [5, 90, 0.03],
    [0, 0, 0.08],
  ] as const) {
    it(`leaning ${tilt} degrees towards ${towards}, ${height} m high: the planner comes to rest before it, the guard permits each step`, () => {
      const table = leaning(tilt, towards, height);
      const limits = limitsWith(table);
      const rules = { limits: plannerLimits(LIMITS.policy), cell: plannerCell(limits.cell), period: PERIOD };
      const demand = { q: degrees(0, 60, 0, 60, 0, 60, 0), v: ZERO };
      let state = standingAt(HOME);
      let memory = { ...freshGuard(PERIOD, limits), last: { ...state, dueAt: 100 } };
      let braking: StoppingRamp = [];
      for (let step = 1; step <= 1000; step++) {
        const next = clearStep(state, braking, demand, rules);
        state = movedTo(state, next.q, PERIOD);
        braking = next.braking;
        const now = 100 + step * PERIOD;
        const proposed = { source: "policy" as const, epoch: 1, dueAt: now, q: jointPosition(state.q) };
        const arm = armAt(jointPosition(state.q), { receivedAt: now });
        const beats = { operatorSeenAt: now, leaderSeenAt: now, guardianSeenAt: now };
        const [after, verdict] = guard(memory, { now, proposed, mode: "policy", epoch: 1, arm, ...beats });
        assert.ok(verdict.kind === "permit" && after.last !== null, JSON.stringify(verdict));
        memory = { ...after, last: after.last };
      }
      assert.ok(Math.max(...state.v.map(Math.abs)) < 0.02, "at rest");
      const tips = LIMITS.cell.body.points.filter(({ fingertip }) => fingertip);
      const gap = Math.min(...tips.map(({ frame, at }) => over(table, pointByScrews(state.q, frame, at))));
      const { margins } = place(state.q, limits.cell, emptyPlacement(limits.cell));
      assert.ok(gap >= 0.005 && Math.min(...margins) < 0.02, `fingertips ${gap} m above it`);
    });
  }

  it("that rises on the far side is in the way of going there, and not of the way back on the near side", () => {
    const turned = (angle: number): JointVector =>
      mapJoints(HOME, (value, joint) => (joint === 0 ? angle * DEGREE : value));
    const tips = LIMITS.cell.body.points.filter(({ fingertip }) => fingertip);
    const low = Math.min(...tips.map(({ frame, at }) => pointByScrews(HOME, frame, at)[2]));
    const rising = plannerCell(limitsWith(leaning(8, -90, low - 0.03)).cell);
    const way = (from: number, to: number, cell: Cell): string | null =>
      clearHome(planHome(turned(from), turned(to), plannerLimits(LIMITS.home)), cell).blockedBy;
    assert.match(way(-40, 60, rising) ?? "", /^table after .* fingertip/);
    assert.equal(way(-40, 0, rising), null);
    assert.equal(way(-40, 60, plannerCell(LIMITS.cell)), null);
  });
});
