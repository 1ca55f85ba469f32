import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Evidence, judge, type Shortfall } from "../../drivers/virtual-lab/scene/judge.js";
import type { ObjectPose } from "../../drivers/virtual-lab/scene/object-pose.js";
import {
  type CarrotPart,
  directionVector,
  type MoveBread,
  type PlaceCarrot,
  type PlateSide,
  TASKS,
} from "../../drivers/virtual-lab/scene/tasks.js";

const at = (x: number, y: number, z: number): ObjectPose => ({
  position: [x, y, z],
  quaternion: [1, 0, 0, 0],
  speed: 0,
});
const start = { bread: at(0.26, 0, 0.023), carrot: at(0.28, -0.16, 0.012), plate: at(0.27, 0.08, 0) };
const degree = Math.PI / 180;
/** Turned about the base's x by an angle. */
const rolled = (angle: number) => [Math.cos(angle / 2), Math.sin(angle / 2), 0, 0] as const;
/** Turned about the base's y by an angle: a carrot stands up. */
const pitched = (angle: number) => [Math.cos(angle / 2), 0, Math.sin(angle / 2), 0] as const;

describe("the judge of a bread task", () => {
  const breadTasks = TASKS.filter((task): task is MoveBread => task.kind === "move-bread");
  const evidence = (dx: number, dy: number, rest: Partial<ObjectPose> = {}, gripperOpening = 1): Evidence => ({
    ...{ start, gripperOpening, grip: null },
    end: { ...start, bread: { ...at(0.26 + dx, dy, 0.023), ...rest } },
  });
  const task = (direction: string): MoveBread => {
    const found = breadTasks.find((candidate) => candidate.direction === direction);
    assert.ok(found);
    return found;
  };

  it("accepts the instructed direction within 20 degrees and 8 cm or more", () => {
    for (const wanted of breadTasks) {
      const [ux, uy] = directionVector(wanted.direction);
      for (const angle of [-19.9, 0, 19.9]) {
        const [c, s] = [Math.cos(angle * degree), Math.sin(angle * degree)];
        const verdict = judge(wanted, evidence(0.0801 * (ux * c - uy * s), 0.0801 * (uy * c + ux * s)));
        assert.ok(verdict.goal && verdict.kinematic, `${wanted.direction} ${angle}`);
      }
    }
  });

  it("takes left and right as the front camera sees them", () => {
    assert.ok(judge(task("left front"), evidence(0.08, -0.08)).kinematic);
    assert.ok(judge(task("right front"), evidence(0.08, 0.08)).kinematic);
    assert.ok(!judge(task("left front"), evidence(0.08, 0.08)).kinematic);
  });

  it("gives the goal without the manner when the direction is wrong", () => {
    const verdict = judge(task("front"), evidence(0.12 * Math.cos(21 * degree), 0.12 * Math.sin(21 * degree)));
    assert.ok(verdict.goal && !verdict.kinematic);
    assert.equal(verdict.detail, "bread moved 120 mm, 21 degrees off the instructed direction: wrong direction");
  });

  it("refuses what is too near, held, moving, tipped over or stacked, and says so", () => {
    const front = task("front");
    for (const [given, shortfall] of [
      [evidence(0.0799, 0), "not moved far enough"],
      [evidence(0, 0), "not moved far enough"],
      [evidence(0.12, 0, {}, 0.7), "not released"],
      [evidence(0.12, 0, { speed: 0.03 }), "still moving"],
      [evidence(0.12, 0, { quaternion: rolled(16 * degree) }), "tipped over"],
      [evidence(0.12, 0, { position: [0.38, 0, 0.04] }), "lifted off the table"],
    ] as const) {
      const { goal, kinematic, shortfalls } = judge(front, given);
      assert.deepEqual({ goal, kinematic, shortfalls }, { goal: false, kinematic: false, shortfalls: [shortfall] });
    }
  });
});

describe("the judge of a carrot task", () => {
  const task = (part: CarrotPart, side: PlateSide): PlaceCarrot => {
    const found = TASKS.find((one) => one.kind === "place-carrot" && one.part === part && one.side === side);
    assert.ok(found?.kind === "place-carrot");
    return found;
  };
  /** The carrot's middle `aside` to the right of the plate's, as the front camera sees it. */
  const evidence = (
    aside: number,
    grip: number | null,
    carrot: Partial<ObjectPose> = {},
    rest: Partial<Evidence> = {},
  ): Evidence => ({
    ...{ start, gripperOpening: 1, grip },
    end: { ...start, carrot: { ...at(0.275, 0.08 + aside, 0.026), ...carrot } },
    ...rest,
  });

  it("asks for the named part and the named side", () => {
    for (const part of ["upper", "lower"] as const) {
      for (const side of ["left", "right"] as const) {
        for (const grip of [-0.035, -0.0101, 0, 0.0101, 0.035, null]) {
          for (const aside of [-0.03, -0.0101, 0, 0.0101, 0.03]) {
            const { goal, kinematic } = judge(task(part, side), evidence(aside, grip));
            const held = grip !== null && (part === "upper" ? grip > 0.01 : grip < -0.01);
            const there = side === "right" ? aside > 0.01 : aside < -0.01;
            assert.deepEqual({ goal, kinematic }, { goal: true, kinematic: held && there }, `${grip} ${aside}`);
          }
        }
      }
    }
  });

  it("refuses what is beside the plate, held, moving, leaning or spilt, and says so", () => {
    const spilt = { ...start.plate, quaternion: rolled(20 * degree) };
    const good = evidence(0.03, 0.035);
    const cases: readonly (readonly [Evidence, Shortfall])[] = [
      [evidence(0.0705, 0.035), "not on the plate"],
      [evidence(0.03, 0.035, { quaternion: pitched(25 * degree) }), "not lying"],
      [evidence(0.03, 0.035, { speed: 0.03 }), "still moving"],
      [evidence(0.03, 0.035, {}, { gripperOpening: 0.7 }), "not released"],
      [{ ...good, end: { ...good.end, plate: spilt } }, "plate tipped over"],
      [{ ...good, start: { ...start, carrot: at(0.28, 0.08, 0.026) } }, "not on the plate"],
    ];
    assert.ok(judge(task("upper", "right"), good).kinematic);
    for (const [given, shortfall] of cases) {
      const { goal, kinematic, shortfalls } = judge(task("upper", "right"), given);
      assert.deepEqual({ goal, kinematic, shortfalls }, { goal: false, kinematic: false, shortfalls: [shortfall] });
    }
  });

  it("does not mind how the carrot is turned or rolled on the plate", () => {
    const turned = [Math.SQRT1_2, 0, 0, Math.SQRT1_2] as const;
    assert.ok(judge(task("upper", "right"), evidence(0.03, 0.035, { quaternion: turned })).kinematic);
    assert.ok(judge(task("upper", "right"), evidence(0.03, 0.035, { quaternion: rolled(2) })).kinematic);
  });

  it("tells in words what it measured", () => {
    assert.equal(
      judge(task("lower", "left"), evidence(0.028, 0.035)).detail,
      "carrot held 35 mm towards its upper end, -28 mm to the left of the plate's middle: wrong part, wrong side",
    );
    assert.equal(
      judge(task("lower", "left"), { ...evidence(0, null), end: start }).detail,
      "carrot not lifted, 240 mm from the plate's middle: not on the plate, wrong part",
    );
  });
});
