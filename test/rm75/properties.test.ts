import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { flangePose } from "../../daemon/motion/kinematics.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { decodeJointTarget, JointTargetEncoder, MILLI_DEGREE } from "../../drivers/rm75/joint-target.js";
import { readPush } from "../../drivers/rm75/state-push.js";
import { LIMITS } from "../limits.js";
import { runs } from "../runs.js";

const FIXTURE = projectPath("test", "fixtures", "fk-vectors-rm75b.json");
const vectors: {
  readonly fk: readonly { readonly joint_deg: readonly number[]; readonly pose_xyz_quat_wxyz: readonly number[] }[];
} = JSON.parse(readFileSync(FIXTURE, "utf8"));

const PAIRS = [0, 1, 2, 3, 4, 5, 6].flatMap((one) =>
  [0, 1, 2, 3, 4, 5, 6].filter((other) => other > one).map((other) => [one, other] as const),
);

function swapped(values: readonly number[], one: number, other: number): number[] {
  return values.map((value, joint) => values[joint === one ? other : joint === other ? one : joint] ?? value);
}

const milliDegrees = (most: JointVector): fc.Arbitrary<readonly number[]> =>
  fc.tuple(
    ...most.map((limit) =>
      fc.integer({ min: -Math.round(limit / MILLI_DEGREE), max: Math.round(limit / MILLI_DEGREE) }),
    ),
  );

describe("P11: another order of joints is noticed", () => {
  for (const [one, other] of PAIRS) {
    it(`J${one + 1} and J${other + 1} exchanged`, () => {
      const moved = vectors.fk.map(({ joint_deg: joints }) => {
        const pose = (angles: readonly number[]) =>
          flangePose(jointPosition(angles.map((angle) => (angle * Math.PI) / 180)));
        const [right, wrong] = [pose(joints), pose(swapped(joints, one, other))];
        const values = (of: typeof right): readonly number[] => [...of.position, ...of.rotation];
        return Math.max(...values(right).map((value, index) => Math.abs(value - (values(wrong)[index] ?? Number.NaN))));
      });
      assert.ok(Math.max(...moved) > 0.1, "the vendor's vectors tell them apart");
      const q = jointPosition([10, 20, 30, 40, 50, 60, 70].map((angle) => (angle * Math.PI) / 180));
      const frame = new JointTargetEncoder().encode(jointPosition(swapped(q, one, other))).toString("latin1");
      assert.doesNotMatch(frame, /\[10000,20000,30000,40000,50000,60000,70000\]/);
    });
  }

  it("commands go out and states come in J1 first", () => {
    const wire = [1, -2, 3, -4, 5, -6, 7].map((angle) => angle * 1000);
    const read = readPush(
      {
        ...{ state: "realtime_arm_joint_state", err: [0] },
        joint_status: { joint_position: wire, joint_err_code: wire.map(() => 0), joint_en_flag: wire.map(() => 1) },
      },
      0,
    );
    assert.ok(read.kind === "state");
    const frame = new JointTargetEncoder().encode(read.state.measured).toString("latin1");
    assert.match(frame, /\[1000,-2000,3000,-4000,5000,-6000,7000\]/);
  });
});

describe("P12: encode and decode", () => {
  const encoder = new JointTargetEncoder();
  const decoded = new Float64Array(7);
  const onWire = (frame: Buffer): readonly number[] => JSON.parse(frame.toString("latin1")).joint;

  it("are the identity on whole thousandths of a degree", () => {
    fc.assert(
      fc.property(milliDegrees([3, 3, 3, 3, 3, 3, 6.28]), (wire) => {
        const q = jointPosition(wire.map((value) => value * MILLI_DEGREE));
        const frame = encoder.encode(q);
        assert.deepEqual(
          onWire(frame),
          wire.map((value) => value + 0),
        );
        assert.ok(decodeJointTarget(frame, decoded));
        assert.deepEqual(
          [...decoded],
          wire.map((value) => value * MILLI_DEGREE),
        );
        assert.deepEqual(onWire(encoder.encode(jointPosition([...decoded]))), onWire(frame));
      }),
      { numRuns: runs(2000) },
    );
  });

  it("never round across a soft limit: limits are whole thousandths, and what the guard permits stays inside", () => {
    const { highest } = LIMITS.policy;
    for (const limit of highest) {
      assert.ok(Math.abs(limit / MILLI_DEGREE - Math.round(limit / MILLI_DEGREE)) < 1e-9);
    }
    const part = fc.oneof(fc.constantFrom(-1, 1), fc.double({ min: 1 - 1e-5, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.tuple(part, part, part, part, part, part, part), (parts) => {
        const q = mapJoints(highest, (limit, joint) => limit * jointAt(parts, joint));
        for (const [joint, value] of onWire(encoder.encode(q)).entries()) {
          assert.ok(Math.abs(value) <= Math.round(jointAt(highest, joint) / MILLI_DEGREE));
        }
      }),
      { numRuns: runs(1000) },
    );
  });
});
