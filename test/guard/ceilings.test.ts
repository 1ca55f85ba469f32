import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aboveCeiling } from "../../daemon/guard/ceilings.js";
import type { Limits } from "../../daemon/guard/limits.js";
import { mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";

const DEGREE = Math.PI / 180;
const MILLI = 0.001;

type Change = (value: number) => Limits;
const cell = (change: Partial<Limits["cell"]>): Limits => ({ ...LIMITS, cell: { ...LIMITS.cell, ...change } });
const age = (change: Partial<Limits["mostAge"]>): Limits => ({ ...LIMITS, mostAge: { ...LIMITS.mostAge, ...change } });
const table = (change: Partial<Limits["cell"]["table"]>): Limits =>
  cell({ table: { ...LIMITS.cell.table, ...change } });

/** What the catalogue allows at most, its unit, and limits with that number in the place of theirs. */
const MOST: readonly (readonly [what: string, ceiling: number, unit: number, change: Change])[] = [
  ["step", 1, DEGREE, (mostStep) => ({ ...LIMITS, mostStep })],
  ["first distance", 2, DEGREE, (mostFirstDistance) => ({ ...LIMITS, mostFirstDistance })],
  ["following error", 8, DEGREE, (error) => ({ ...LIMITS, following: { ...LIMITS.following, error } })],
  ["following error's time", 50, MILLI, (lasting) => ({ ...LIMITS, following: { ...LIMITS.following, lasting } })],
  ["standing error", 2, DEGREE, (error) => ({ ...LIMITS, standing: { ...LIMITS.standing, error } })],
  ["standing error's time", 300, MILLI, (lasting) => ({ ...LIMITS, standing: { ...LIMITS.standing, lasting } })],
  ["age of arm state", 100, MILLI, (armState) => age({ armState })],
  ["age of operator", 500, MILLI, (operator) => age({ operator })],
  ["age of operator without a policy", 200, MILLI, (nearOperator) => age({ nearOperator })],
  ["age of leader", 100, MILLI, (leader) => age({ leader })],
  ["age of guardian", 100, MILLI, (guardian) => age({ guardian })],
  ["age of setpoint", 50, MILLI, (setpoint) => age({ setpoint })],
  ["age of stream", 100, MILLI, (stream) => age({ stream })],
  ["cartesian speed", 250, MILLI, (speed) => cell({ speed })],
  ["cartesian speed of recovery", 50, MILLI, (recoverSpeed) => ({ ...LIMITS, recoverSpeed })],
];

/** The same of what it wants at least. */
const LEAST: readonly (readonly [what: string, floor: number, unit: number, change: Change])[] = [
  ["stopping time", 150, MILLI, (stopping) => cell({ stopping })],
  ["fingertips over the table", 5, MILLI, (fingertips) => table({ fingertips })],
  ["housings over the table", 40, MILLI, (housings) => table({ housings })],
  ["self clearance", 20, MILLI, (clearance) => cell({ clearance })],
];

describe("HO-12: the ceilings that are compiled in", () => {
  for (const [what, ceiling, unit, change] of MOST) {
    it(`${what}: ${ceiling} and nothing above`, () => {
      assert.deepEqual(aboveCeiling(change(ceiling * unit)), []);
      assert.deepEqual(aboveCeiling(change((ceiling + 0.001) * unit)), [
        `${what} is ${ceiling + 0.001}, at most ${ceiling}`,
      ]);
      assert.deepEqual(aboveCeiling(change(Number.NaN)), [`${what} is NaN, at most ${ceiling}`]);
    });
  }

  for (const [what, floor, unit, change] of LEAST) {
    it(`${what}: ${floor} and nothing below`, () => {
      assert.deepEqual(aboveCeiling(change(floor * unit)), []);
      assert.deepEqual(aboveCeiling(change((floor - 0.001) * unit)), [
        `${what} is ${floor - 0.001}, at least ${floor}`,
      ]);
    });
  }

  for (const side of ["lowest", "highest"] as const) {
    it(`allow a box as far as the arm reaches, from the shoulder upward, ${side}`, () => {
      for (const [axis, reach] of [820, 820, 1060.5].entries()) {
        for (const sign of [-1, 1]) {
          const box = (value: number): Limits => {
            const corner = LIMITS.cell.box[side].map((old, index) => (index === axis ? value : old));
            const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = corner;
            return cell({ box: { ...LIMITS.cell.box, [side]: [x, y, z] } });
          };
          assert.deepEqual(aboveCeiling(box(sign * reach * MILLI)), []);
          const beyond = `box ${"xyz"[axis]} is ${reach + 0.1}, at most ${reach}`;
          assert.deepEqual(aboveCeiling(box(sign * (reach + 0.1) * MILLI)), [beyond]);
        }
      }
    });
  }

  const JOINTS = [
    ["position", "highest", [177, 129, 177, 134, 177, 127, 357]],
    ["velocity", "velocity", [90, 90, 110, 110, 110, 110, 110]],
    ["acceleration", "acceleration", [600, 600, 600, 600, 600, 600, 600]],
    ["jerk", "jerk", [12000, 12000, 12000, 12000, 12000, 12000, 12000]],
  ] as const;
  for (const name of ["policy", "home", "teleop", "recover", "stop"] as const) {
    for (const [what, field, ceilings] of JOINTS) {
      it(`bound the ${what} of each joint, ${name}`, () => {
        // What a recovery may do has a ceiling of its own below.
        const own = name === "recover" && what === "velocity";
        for (const [joint, ceiling] of ceilings.entries()) {
          const set = (value: number): Limits => {
            const values = mapJoints(LIMITS[name][field], (old, index) => (index === joint ? value * DEGREE : old));
            return { ...LIMITS, [name]: { ...LIMITS[name], [field]: values } };
          };
          assert.deepEqual(own ? [] : aboveCeiling(set(ceiling)), []);
          assert.equal(
            aboveCeiling(set(ceiling + 0.1))[0],
            `${name} ${what} of J${joint + 1} is ${ceiling + 0.1}, at most ${ceiling}`,
          );
        }
      });
    }
  }

  it("keep a recovery slow, and a stop strong enough for its time", () => {
    const own = [
      ["recover", "velocity", [5, 5, 5, 5, 10, 10, 10], 0.1, "at most"],
      ["stop", "acceleration", [300, 300, 400, 400, 600, 600, 600], -0.1, "at least"],
      ["stop", "jerk", [6000, 6000, 8000, 8000, 12000, 12000, 12000], -0.1, "at least"],
    ] as const;
    for (const [name, field, bounds, beyond, words] of own) {
      for (const [joint, bound] of bounds.entries()) {
        const set = (value: number): Limits => {
          const values = mapJoints(LIMITS[name][field], (old, index) => (index === joint ? value * DEGREE : old));
          return { ...LIMITS, [name]: { ...LIMITS[name], [field]: values } };
        };
        assert.deepEqual(aboveCeiling(set(bound)), []);
        assert.deepEqual(aboveCeiling(set(bound + beyond)), [
          `${name} ${field} of J${joint + 1} is ${Number((bound + beyond).toFixed(3))}, ${words} ${bound}`,
        ]);
      }
    }
  });
});
