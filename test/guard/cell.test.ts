import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { freshGuard, type GuardState, guard } from "../../daemon/guard/guard.js";
import type { RefusalCode } from "../../daemon/guard/refusal.js";
import { emptyPlacement, type Placement, place } from "../../daemon/motion/placement.js";
import type { SetpointSource } from "../../daemon/types/setpoint.js";
import { elementAt, type JointVector, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { pointByScrews } from "../motion/product-of-exponentials.js";
import { all, armAt, input, NOW, PERIOD, POSE, SOURCES, withJoint } from "./inputs.js";

const DEGREE = Math.PI / 180;
const { cell } = LIMITS;
const STILL = all(0);
const CELL_CODES: readonly RefusalCode[] = ["cartesian-speed", "workspace", "table", "self-collision"];

function degrees(...angles: number[]): JointVector {
  return jointPosition(angles.map((angle) => angle * DEGREE));
}

function placed(q: JointVector): Placement {
  return place(q, cell, emptyPlacement(cell));
}

function after(last: JointVector): GuardState {
  return { ...freshGuard(PERIOD, LIMITS), last: { dueAt: NOW - PERIOD, q: last, v: STILL, a: STILL } };
}

/** What the cell says against going from `last` to `q` in one period, whatever the joints say. */
function cellCodes(state: GuardState, source: SetpointSource, q: JointVector): readonly string[] {
  const [, verdict] = guard(state, input(source, q, { arm: armAt(jointPosition(q)) }));
  const codes = verdict.kind === "permit" ? [] : verdict.refusals.map((refusal) => refusal.code);
  return [...new Set(codes)].filter((code) => CELL_CODES.includes(code));
}

/** The joint angle at which a margin is nearest to zero on the way between two angles of one joint; the first is inside. */
function atBound(q: JointVector, joint: number, inside: number, outside: number): [number, number] {
  let [low, high] = [inside, outside];
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (Math.min(...placed(withJoint(q, joint, middle)).margins) >= 0) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return [low, high];
}

// Each: a pose inside, the joint that is moved, and an angle of it that is outside.
const BOUNDS = [
  ["workspace", "front", degrees(0, 45, 0, 0, 0, 0, 0), 1, 85],
  ["workspace", "back", degrees(0, 0, 0, 0, 0, 0, 0), 1, -30],
  ["workspace", "left", degrees(90, 30, 0, 40, 0, 20, 0), 1, 85],
  ["workspace", "right", degrees(-90, 30, 0, 40, 0, 20, 0), 1, 85],
  ["table", "fingertips", degrees(0, 10, 0, 75, 0, 95, 0), 1, 60],
  ["table", "wrist", degrees(0, 60, 0, 60, 0, 0, 0), 1, 110],
  ["self-collision", "folded", degrees(0, 0, 0, 100, 0, 60, 0), 5, 125],
] as const;

describe("ML-09, ML-10, ML-11: bounds in space", () => {
  for (const [code, what, q, joint, outside] of BOUNDS) {
    const start = q[joint] ?? Number.NaN;
    const [inside, beyond] = atBound(q, joint, start, outside * DEGREE);
    for (const source of SOURCES) {
      it(`${code}, ${what}, ${source}: inside up to the bound, refused beyond it`, () => {
        const at = withJoint(q, joint, inside);
        assert.deepEqual(cellCodes(after(at), source, at), []);
        assert.deepEqual(cellCodes(after(at), source, withJoint(q, joint, beyond + Math.sign(beyond - start) * 1e-6)), [
          code,
        ]);
      });

      it(`${code}, ${what}, ${source}: an arm that is outside may stay and come back, not go further`, () => {
        const step = (outside * DEGREE - start) * 0.02;
        const out = withJoint(q, joint, beyond + step);
        assert.deepEqual(cellCodes(after(out), source, out), []);
        assert.deepEqual(cellCodes(after(out), source, withJoint(q, joint, beyond + step * 0.99)), []);
        assert.deepEqual(cellCodes(after(out), source, withJoint(q, joint, beyond + step * 1.01)), [code]);
        const first = freshGuard(PERIOD, LIMITS);
        assert.deepEqual(cellCodes(first, source, out), [], "a stream begins where the arm stands");
      });
    }

    it(`${code}, ${what}: approaches no faster than it can stop`, () => {
      // As far from the bound as may be, and nearer to it at a speed that the cell allows.
      const way = Math.sign(beyond - start);
      const near = inside - way * 1 * DEGREE;
      const fast = withJoint(q, joint, near + way * 0.15 * DEGREE);
      const slow = withJoint(q, joint, near + way * 0.001 * DEGREE);
      const from = after(withJoint(q, joint, near));
      for (const source of ["policy", "home"] as const) {
        assert.deepEqual(cellCodes(from, source, slow), []);
        assert.ok(cellCodes(from, source, fast).includes(code));
      }
      assert.deepEqual(cellCodes(from, "stop", fast), [], "a stop is never too late");
    });
  }

  it("first setpoint: an arm outside may settle by less than 1 mm, not move out", () => {
    const out = degrees(0, 62, 0, 60, 0, 60, 0);
    const lower = (by: number): JointVector => mapJoints(out, (angle, joint) => (joint === 1 ? angle + by : angle));
    const codes = (q: JointVector): readonly string[] => {
      const [, verdict] = guard(freshGuard(PERIOD, LIMITS), input("hold", q, { arm: armAt(jointPosition(out)) }));
      return verdict.kind === "permit" ? [] : [...new Set(verdict.refusals.map((refusal) => refusal.code))];
    };
    assert.ok(Math.min(...placed(out).margins) < 0);
    assert.deepEqual(codes(lower(0.001)), []);
    assert.ok(codes(lower(0.01)).includes("table"));
  });

  it("ends in a ramp, and says what comes how near", () => {
    const low = withJoint(POSE, 1, 1.4);
    const [state, verdict] = guard(after(POSE), input("stop", low, { arm: armAt(jointPosition(low)) }));
    const found = verdict.kind === "refuse" ? verdict.refusals.filter(({ code }) => code === "table") : [];
    assert.ok(found.length > 0 && found.every((refusal) => refusal.reaction === "ramp"));
    assert.match(found[0]?.detail ?? "", /^fingertip \d+\.\d mm beyond its bound$/);
    assert.equal(state.latched, true, "by what the joints say to this");
  });

  it("does not fire for any work over the table", () => {
    const q = degrees(0, 10, 0, 75, 0, 95, 0);
    for (const source of SOURCES) {
      assert.deepEqual(cellCodes(after(q), source, withJoint(q, 0, source === "recover" ? 0.001 : 0.002)), []);
    }
  });
});

describe("ML-08: speed of control points", () => {
  // J1 alone turns the outstretched arm: every point's speed is its distance from the axis times J1's rate.
  const q = degrees(0, 45, 0, 45, 0, 30, 0);
  const reach = Math.max(
    ...cell.body.points.map(({ frame, at }) => Math.hypot(...pointByScrews(q, frame, at).slice(0, 2))),
  );
  const turned = (speed: number): JointVector => withJoint(q, 0, 2 * Math.asin((speed * PERIOD) / 2 / reach));
  for (const part of [0.5, 0.99, 1 - 1e-6, 1 + 1e-6, 1.01, 2]) {
    it(`${part} of the limit is ${part < 1 ? "permitted" : "refused"}`, () => {
      for (const source of ["policy", "home"] as const) {
        const codes = cellCodes(after(q), source, turned(cell.speed * part));
        assert.deepEqual(codes, part < 1 ? [] : ["cartesian-speed"]);
      }
      for (const source of ["stop", "hold"] as const) {
        assert.deepEqual(cellCodes(after(q), source, turned(cell.speed * part)), [], "a stop is never too fast");
      }
    });
  }
});

describe("ML-02: speed of control points on the way back inside the limits", () => {
  it("49 mm/s are permitted, 51 mm/s are not", () => {
    const q = degrees(0, 45, 0, 45, 0, 30, 0);
    const reach = Math.max(
      ...cell.body.points.map(({ frame, at }) => Math.hypot(...pointByScrews(q, frame, at).slice(0, 2))),
    );
    const codes = (speed: number): readonly string[] =>
      cellCodes(after(q), "recover", withJoint(q, 0, 2 * Math.asin((speed * PERIOD) / 2 / reach)));
    assert.deepEqual([codes(0.049), codes(0.051)], [[], ["cartesian-speed"]]);
  });
});

describe("ML-08 to ML-11, P4, P5: whatever is permitted", () => {
  it("keeps every control point slow and inside, by the product of exponentials", () => {
    const angle = (limit: number): fc.Arbitrary<number> => fc.double({ min: -limit, max: limit, noNaN: true });
    const pose = fc.tuple(
      angle(2),
      fc.double({ min: 0.2, max: 1.9, noNaN: true }),
      angle(0.5),
      angle(2),
      angle(1),
      angle(2),
      angle(3),
    );
    const rates = fc.tuple(...POSE.map(() => fc.double({ min: -1, max: 1, noNaN: true })));
    let [permitted, refused] = [0, 0];
    fc.assert(
      fc.property(pose, rates, fc.constantFrom(...SOURCES), (from, rate, source) => {
        const last = jointPosition(from);
        const next = mapJoints(last, (value, joint) => value + (rate[joint] ?? 0) * PERIOD);
        const codes = cellCodes(after(last), source, next);
        refused += codes.length > 0 ? 1 : 0;
        if (codes.length === 0) {
          permitted += 1;
          const [was, is] = [placed(last), placed(next)];
          const moves = source !== "stop" && source !== "hold";
          const most = source === "recover" ? LIMITS.recoverSpeed : cell.speed;
          for (const { frame, at } of cell.body.points) {
            const [a, b] = [pointByScrews(last, frame, at), pointByScrews(next, frame, at)];
            const speed = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) / PERIOD;
            assert.ok(!moves || speed <= most + 1e-6);
          }
          for (const index of is.margins.keys()) {
            const [before, margin] = [elementAt(was.margins, index), elementAt(is.margins, index)];
            assert.ok(margin >= 0 || (before < 0 && margin >= before - 1e-8));
          }
        }
      }),
      { numRuns: 3000, seed: 8 },
    );
    assert.ok(permitted > 300 && refused > 300, `${permitted} permitted, ${refused} refused`);
  });

  it("refuses not-a-number as outside", () => {
    const [, verdict] = guard(after(POSE), input("policy", withJoint(POSE, 1, Number.NaN)));
    assert.ok(verdict.kind === "refuse");
    const codes = new Set(verdict.refusals.map((refusal) => refusal.code));
    assert.ok(
      CELL_CODES.every((code) => codes.has(code)),
      [...codes].join(),
    );
  });
});
