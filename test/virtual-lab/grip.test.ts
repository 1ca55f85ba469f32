import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAt, NO_GRIP, watchGrip } from "../../drivers/virtual-lab/scene/grip.js";
import type { ObjectPose } from "../../drivers/virtual-lab/scene/object-pose.js";

/** Upper end towards +y, at a height. */
const carrot = (z: number): ObjectPose => ({
  position: [0.3, -0.15, z],
  quaternion: [Math.SQRT1_2, 0, 0, Math.SQRT1_2],
  speed: 0,
});
const tip = (along: number, z: number) => [0.302, -0.15 + along, z] as const;

describe("the memory of the grip", () => {
  it("keeps where the fingers were when the carrot left the table, not what comes later", () => {
    const looks = [
      [carrot(0.012), tip(0.03, 0.2), 1],
      [carrot(0.012), tip(0.03, 0.012), 0.3],
      [carrot(0.06), tip(0.031, 0.06), 0.3],
      [carrot(0.08), tip(0.01, 0.08), 0.3],
      [carrot(0.026), tip(-0.06, 0.03), 1],
    ] as const;
    let memory = NO_GRIP;
    const memories = looks.map(([pose, at, opening]) => {
      memory = watchGrip(memory, pose, at, opening);
      return memory;
    });
    assert.deepEqual(
      memories.map(({ along }) => (along === null ? null : Math.round(along * 1000))),
      [null, null, 31, 31, 31],
    );
  });

  it("forgets a grip for that of the next lift", () => {
    const first = watchGrip(NO_GRIP, carrot(0.08), tip(0.035, 0.08), 0.3);
    const dropped = watchGrip(first, carrot(0.012), tip(0.035, 0.08), 1);
    const second = watchGrip(dropped, carrot(0.08), tip(-0.035, 0.08), 0.3);
    assert.deepEqual(
      [first, dropped, second].map(({ along }) => Math.round((along ?? 0) * 1000)),
      [35, 35, -35],
    );
  });

  it("is of closed fingers only", () => {
    assert.equal(watchGrip(NO_GRIP, carrot(0.08), tip(0.035, 0.08), 0.9).along, null);
  });
});

describe("what lies between the fingers", () => {
  it("is a carrot along its whole length, and a loaf near its middle", () => {
    for (const along of [-0.1, -0.07, 0, 0.07, 0.1]) {
      assert.ok(isAt("carrot", carrot(0.012), tip(along, 0.012)));
      assert.equal(isAt("bread", carrot(0.012), tip(along, 0.012)), along === 0);
    }
    assert.ok(!isAt("carrot", carrot(0.012), tip(0, 0.05)));
  });
});
