import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { PuppetKind } from "../../daemon/types/puppet.js";
import type { JointVector } from "../../daemon/types/units.js";
import { createPuppet } from "../../drivers/puppet/serial-puppet.js";
import type { VirtualLeaderOptions } from "../../drivers/virtual-lab/puppet/virtual-leader.js";
import { puppetRig, until } from "./rig.js";

const POSE: JointVector = [0.5, -0.25, 7, -1.5, 0.001, 3, -3];
/** Half a step of a Dynamixel encoder. */
const CLOSE = Math.PI / 4096 + 1e-9;

type Rig = Awaited<ReturnType<typeof puppetRig>>;

async function withRig(
  kind: PuppetKind,
  body: (rig: Rig) => Promise<void>,
  virtual: Partial<VirtualLeaderOptions> = {},
): Promise<void> {
  const rig = await puppetRig(kind, virtual);
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

function refusedWith(code: string, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof DriverError);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

for (const kind of ["realman-leader", "dynamixel-leader"] as const) {
  describe(`a puppet, contract of daemon/ports/puppet.ts: ${kind}`, () => {
    it("says who it is, and what its encoders say with whole turns kept", async () => {
      await withRig(kind, async ({ leader, puppet, recorder }) => {
        leader.place({ angles: POSE, gripper: 3 });
        const identity = await puppet.connect(recorder);
        assert.deepEqual([identity.kind, identity.joints], [kind, 7]);
        assert.match(identity.serial, /^leader/);
        await until(() => recorder.samples.length >= 20, "20 samples");
        for (const [index, { seq, at, angles, gripper, button }] of recorder.samples.entries()) {
          const before = recorder.samples[index - 1];
          assert.ok(before === undefined || (seq > before.seq && at > before.at));
          assert.ok(angles.every((angle, joint) => Math.abs(angle - (POSE[joint] ?? 99)) <= CLOSE));
          assert.ok(Math.abs(gripper - 3) <= CLOSE);
          assert.equal(button, false);
        }
      });
    });

    it("garbage, lost and wrong bytes: the readings that come are right, and it goes on", async () => {
      await withRig(kind, async ({ leader, puppet, recorder }) => {
        leader.place({ angles: POSE });
        await puppet.connect(recorder);
        leader.fault({ lostBytes: 0.002, wrongBytes: 0.002, garbageBytes: 5 });
        const from = recorder.samples.length;
        await until(() => recorder.samples.length >= from + 60, "samples in spite of garbage");
        const wrong = recorder.samples.filter(({ angles }) =>
          angles.some((angle, joint) => Math.abs(angle - (POSE[joint] ?? 99)) > CLOSE),
        );
        assert.deepEqual(wrong, []);
        assert.deepEqual(recorder.lost, []);
        const last = recorder.samples.at(-1);
        const lost = (last?.seq ?? 0) - recorder.samples.length;
        assert.ok(lost > 0, "a lost reading is a gap in seq");
      });
    });

    it("nothing but garbage: lost as garbled; silence: lost as silent", async () => {
      await withRig(kind, async ({ leader, puppet, recorder }) => {
        await puppet.connect(recorder);
        leader.fault({ wrongBytes: 1 });
        await until(() => recorder.lost.length === 1, "lost");
        assert.equal(recorder.lost[0]?.code, "puppet-garbled");
        leader.fault({});
        await puppet.connect(recorder);
        leader.fault({ silent: true });
        await until(() => recorder.lost.length === 2, "lost again");
        assert.equal(recorder.lost[1]?.code, "puppet-silent");
      });
    });

    it("unplugged: lost; plugged in again: connects again", async () => {
      await withRig(kind, async ({ leader, puppet, recorder }) => {
        await puppet.connect(recorder);
        await leader.unplug();
        await until(() => recorder.lost.length === 1, "lost");
        assert.equal(recorder.lost[0]?.code, "puppet-lost");
        await assert.rejects(puppet.connect(recorder), refusedWith("puppet-absent", /leader/));
        await leader.plug();
        await puppet.connect(recorder);
        const from = recorder.samples.length;
        await until(() => recorder.samples.length > from, "samples again");
        assert.equal(recorder.lost.length, 1);
      });
    });

    it("another number of joints is refused", async () => {
      await withRig(
        kind,
        async ({ puppet, recorder }) => {
          await assert.rejects(puppet.connect(recorder), refusedWith("wrong-puppet", /6 joints|missing: 8/));
          assert.deepEqual(recorder.samples, []);
        },
        { joints: 6 },
      );
    });

    it("a silent one, and one of the other kind, are refused", async () => {
      await withRig(kind, async ({ leader, options, puppet, recorder }) => {
        leader.fault({ silent: true });
        await assert.rejects(puppet.connect(recorder), refusedWith("puppet-silent", /came back|answered/));
        leader.fault({ wrongBytes: 1 });
        await assert.rejects(puppet.connect(recorder), refusedWith("puppet-garbled", /bytes came/));
        leader.fault({});
        const { path, baud } = options;
        const other =
          kind === "dynamixel-leader"
            ? createPuppet({ kind: "realman-leader", path, baud }, hostClock)
            : createPuppet(
                { kind: "dynamixel-leader", path, baud, jointIds: [1, 2, 3, 4, 5, 6, 7], gripperId: 8 },
                hostClock,
              );
        await assert.rejects(other.connect(recorder), refusedWith("puppet-silent", /kind/));
        await other.close();
      });
    });

    it("a second reader of the same leader is refused", async () => {
      await withRig(kind, async ({ options, puppet, recorder }) => {
        await puppet.connect(recorder);
        const second = createPuppet(options, hostClock);
        await assert.rejects(second.connect(recorder), refusedWith("puppet-busy", /does not open/));
      });
    });

    it("a glitch and a wrap come through as they are: judging them is not the driver's", async () => {
      await withRig(kind, async ({ leader, puppet, recorder }) => {
        leader.place({ angles: [0, 0, 0, 0, 0, 0, -0.5] });
        leader.fault({ wrapped: [6] });
        await puppet.connect(recorder);
        await until(() => recorder.samples.length > 2, "samples");
        leader.glitch(2, 0.5);
        await until(() => recorder.samples.some(({ angles }) => Math.abs(angles[2] - 0.5) <= CLOSE), "the glitch");
        assert.ok(recorder.samples.every(({ angles }) => Math.abs(angles[6] - (2 * Math.PI - 0.5)) <= CLOSE));
      });
    });
  });
}

describe("a Dynamixel leader", () => {
  it("tells its button", async () => {
    await withRig("dynamixel-leader", async ({ leader, puppet, recorder }) => {
      await puppet.connect(recorder);
      leader.place({ button: true });
      await until(() => recorder.samples.at(-1)?.button === true, "pressed");
      leader.place({ button: false });
      await until(() => recorder.samples.at(-1)?.button === false, "released");
    });
  });

  it("whose servos report errors is lost with their words", async () => {
    await withRig("dynamixel-leader", async ({ leader, puppet, recorder }) => {
      await puppet.connect(recorder);
      leader.fault({ statusError: 7 });
      await until(() => recorder.lost.length === 1, "lost");
      assert.equal(recorder.lost[0]?.code, "puppet-device");
      assert.match(recorder.lost[0]?.message ?? "", /access refused/);
    });
  });

  it("with a foreign device on its bus is refused, with its id", async () => {
    await withRig(
      "dynamixel-leader",
      async ({ puppet, recorder }) => {
        await assert.rejects(puppet.connect(recorder), refusedWith("wrong-puppet", /not configured: 9 /));
      },
      { ids: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
    );
  });
});
