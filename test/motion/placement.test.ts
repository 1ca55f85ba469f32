import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bodyWith } from "../../daemon/motion/body.js";
import { speedOf } from "../../daemon/motion/breaches.js";
import { emptyPlacement, place, type TablePlane, withTablePlane } from "../../daemon/motion/placement.js";
import { segmentDistance } from "../../daemon/motion/segment-distance.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jointPosition, mapJoints } from "../../daemon/types/units.js";
import { CELL } from "./cell.js";
import { pointByScrews } from "./product-of-exponentials.js";

const DEGREE = Math.PI / 180;
const HARD = [178, 130, 178, 135, 178, 128, 360];

const pose = fc
  .tuple(...HARD.map((limit) => fc.double({ min: -limit, max: limit, noNaN: true })))
  .map((angles) => jointPosition(angles.map((angle) => angle * DEGREE)));

type Point = readonly number[];
const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
const point = fc.tuple(coordinate, coordinate, coordinate);

function distance(a: Point, b: Point): number {
  return Math.hypot(...a.map((value, index) => value - (b[index] ?? Number.NaN)));
}

function between(a: Point, b: Point, part: number): Point {
  return a.map((value, index) => value + part * ((b[index] ?? Number.NaN) - value));
}

/** Nearest distance of two segments by a grid over both that closes in on its best cell. */
function bySampling(a: Point, b: Point, c: Point, d: Point): number {
  let [s, t, width, best] = [0.5, 0.5, 0.5, Infinity];
  for (let round = 0; round < 40; round++) {
    const [fromS, fromT] = [s, t];
    for (let i = -5; i <= 5; i++) {
      for (let j = -5; j <= 5; j++) {
        const [trialS, trialT] = [fromS + (i * width) / 5, fromT + (j * width) / 5].map((value) =>
          Math.min(1, Math.max(0, value)),
        ) as [number, number];
        const found = distance(between(a, b, trialS), between(c, d, trialT));
        if (found < best) {
          [s, t, best] = [trialS, trialT, found];
        }
      }
    }
    width *= 0.6;
  }
  return best;
}

describe("segment distance", () => {
  it("agrees with sampling, also for points and parallels", () => {
    const segment = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(point, point) },
      { weight: 1, arbitrary: point.map((end) => [end, end] as const) },
    );
    const shifted = fc.tuple(point, point, point).map(([a, b, by]) => {
      const move = (end: Point): Point => end.map((value, index) => value + (by[index] ?? 0));
      return [
        [a, b],
        [move(a), move(b)],
      ] as const;
    });
    fc.assert(
      fc.property(fc.oneof(fc.tuple(segment, segment), shifted), ([[a, b], [c, d]]) => {
        const found = segmentDistance(Float64Array.of(...a, ...b, ...c, ...d), 0, 6);
        const expected = bySampling(a, b, c, d);
        assert.ok(Math.abs(found - expected) < 1e-6, `${found}, by sampling ${expected}`);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

describe("ML-08 to ML-11: placement", () => {
  it("agrees with the product of exponentials in every control point, to 1e-9 m", () => {
    fc.assert(
      fc.property(pose, (q) => {
        const { points } = place(q, CELL, emptyPlacement(CELL));
        for (const [index, { frame, at }] of CELL.body.points.entries()) {
          const found = [...points.subarray(3 * index, 3 * index + 3)];
          assert.ok(distance(found, pointByScrews(q, frame, at)) < 1e-9);
        }
      }),
      { numRuns: 2000, seed: 3 },
    );
  });

  it("agrees with margins worked out from the product of exponentials", () => {
    const plane: TablePlane = { normal: [0.06, -0.08, Math.sqrt(0.99)], height: 0.03 };
    const tilted = withTablePlane(CELL, plane);
    const over = ([x, y, z]: readonly [number, number, number]): number =>
      0.06 * x - 0.08 * y + Math.sqrt(0.99) * z - 0.03;
    const { body, box, table, clearance } = CELL;
    fc.assert(
      fc.property(pose, (q) => {
        const expected: number[] = [];
        const points = body.points.map(({ frame, at }) => pointByScrews(q, frame, at));
        for (const [x, y, z] of points) {
          const faces = [x + 0.2, y + 0.6, z, 0.7 - x, 0.6 - y, 0.9 - z];
          expected.push(Math.min(...faces));
        }
        expected.push(...points.slice(3).map(([, , z]) => z - 0.005));
        const ends = body.capsules.map(({ frame, from, to }) => [from, to].map((end) => pointByScrews(q, frame, end)));
        for (const [index, { radius, overTable }] of body.capsules.entries()) {
          if (overTable) {
            expected.push(Math.min(...(ends[index] ?? []).map(([, , z]) => z - radius)) - 0.04);
          }
        }
        for (const { one, other } of body.pairs) {
          const all = [...(ends[one] ?? []), ...(ends[other] ?? [])];
          const radii = (body.capsules[one]?.radius ?? 0) + (body.capsules[other]?.radius ?? 0);
          expected.push(segmentDistance(Float64Array.from(all.flat()), 0, 6) - radii - clearance);
        }
        const level = expected.length;
        expected.push(...points.slice(3).map((point) => over(point) - 0.005));
        for (const [index, { radius, overTable }] of body.capsules.entries()) {
          if (overTable) {
            expected.push(Math.min(...(ends[index] ?? []).map(over)) - radius - 0.04);
          }
        }
        for (const [cell, length] of [
          [CELL, level],
          [tilted, expected.length],
        ] as const) {
          const { margins } = place(q, cell, emptyPlacement(cell));
          assert.equal(margins.length, length);
          assert.equal(margins.length, cell.body.bounds.length);
          for (const [index, margin] of margins.entries()) {
            assert.ok(Math.abs(margin - (expected[index] ?? Number.NaN)) < 1e-9, cell.body.bounds[index]?.part);
          }
        }
        assert.deepEqual([box.lowest, box.highest, table.height], [[-0.2, -0.6, 0], [0.7, 0.6, 0.9], 0]);
      }),
      { numRuns: 1000, seed: 4 },
    );
  });

  it("gives the speed of a control point as the product of exponentials does", () => {
    const rate = fc.tuple(...HARD.map(() => fc.double({ min: -1, max: 1, noNaN: true })));
    fc.assert(
      fc.property(pose, rate, (q, dq) => {
        const period = 0.01;
        const next = mapJoints(q, (angle, joint) => angle + (dq[joint] ?? 0) * period);
        const [one, two] = [place(q, CELL, emptyPlacement(CELL)), place(next, CELL, emptyPlacement(CELL))];
        for (const [index, { frame, at }] of CELL.body.points.entries()) {
          const expected = distance(pointByScrews(q, frame, at), pointByScrews(next, frame, at)) / period;
          assert.ok(Math.abs(speedOf(one, two, index, period) - expected) < 1e-9);
        }
      }),
      { numRuns: 500, seed: 5 },
    );
  });

  it("takes a not-a-number for outside every bound that depends on it", () => {
    const { margins } = place([Number.NaN, 0, 0, 1, 0, 1, 0], CELL, emptyPlacement(CELL));
    assert.ok([...margins].some(Number.isNaN));
  });

  it("names each bound", () => {
    const count = (kind: string): number => CELL.body.bounds.filter((bound) => bound.kind === kind).length;
    assert.deepEqual(["workspace", "table", "self-collision"].map(count), [7, 4 + 5, 7 + 2 * 5]);
    assert.equal(CELL.body.bounds.at(0)?.part, "elbow");
    assert.equal(CELL.body.bounds.at(-1)?.part, "forearm and fingers");
  });
});

describe("ML-11: self-collision of the arm", () => {
  const fixture: {
    readonly free: readonly (readonly number[])[];
    readonly colliding: readonly { readonly q: readonly number[] }[];
  } = JSON.parse(readFileSync(projectPath("test", "fixtures", "self-collision-rm75b.json"), "utf8"));
  const cell = { ...CELL, body: bodyWith({ fingertips: [], capsules: [] }) };
  const nearest = (degrees: readonly number[]): number => {
    const q = jointPosition(degrees.map((angle) => angle * DEGREE));
    const { margins } = place(q, cell, emptyPlacement(cell));
    return Math.min(...margins.filter((_, index) => cell.body.bounds[index]?.kind === "self-collision"));
  };

  it("is seen in every pose that the vendor's library calls colliding", () => {
    assert.equal(fixture.colliding.length, 28);
    for (const { q } of fixture.colliding) {
      assert.ok(nearest(q) < 0, `${q}: ${nearest(q)}`);
    }
  });

  it("is seen in no pose that the vendor's library calls free", () => {
    assert.equal(fixture.free.length, 40);
    for (const q of fixture.free) {
      assert.ok(nearest(q) > 0, `${q}: ${nearest(q)}`);
    }
  });
});
