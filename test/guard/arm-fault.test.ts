import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ArmFault, armFault } from "../../daemon/guard/arm-fault.js";
import { JOINT_FAULTS, SYSTEM_FAULTS } from "../../daemon/guard/fault-codes.js";
import { guard } from "../../daemon/guard/guard.js";
import type { ArmState } from "../../daemon/types/arm-state.js";
import type { Role } from "../../daemon/types/role.js";
import { all, armAt, input, MODES, POSE, SOURCES, streaming, withJoint } from "./inputs.js";

const STILL = all(0);
const AT_REST = streaming(STILL, STILL);

/** Written from the safety catalogue's AR-01 code table and the vendor's lists, not from the code: who acknowledges, and a word of what it is. */
const SYSTEM: readonly (readonly [number, Role, RegExp])[] = [
  [0x1001, "maintainer", /joint/],
  [0x1002, "supervisor", /limit/],
  [0x1003, "operator", /singular/],
  [0x1004, "maintainer", /kernel/],
  [0x1005, "maintainer", /bus/],
  [0x1006, "maintainer", /kernel/],
  [0x1007, "supervisor", /too fast.*report it/],
  [0x1008, "operator", /tool board/],
  [0x1009, "supervisor", /speed limit.*report it/],
  [0x100a, "supervisor", /acceleration limit.*report it/],
  [0x100b, "maintainer", /brake/],
  [0x100c, "operator", /dragged/],
  [0x100d, "supervisor", /collision/],
  [0x100e, "supervisor", /work frame/],
  [0x100f, "supervisor", /tool frame/],
  [0x1010, "maintainer", /enable/],
  [0x1011, "supervisor", /arc/],
  [0x1012, "supervisor", /itself/],
  [0x1013, "supervisor", /fence/],
  [0x1014, "supervisor", /soft limit/],
  [0x1017, "supervisor", /no list/],
  [0x2001, "operator", /gripper/],
  [0x2002, "operator", /hand/],
  [0x2003, "operator", /force/],
  [0x2004, "operator", /force/],
  [0x2005, "operator", /tool's supply/],
  [0x5001, "supervisor", /no list/],
  [0x5003, "operator", /hot/],
  [0x5004, "supervisor", /no list/],
  [0x5005, "operator", /current/],
  [0x5006, "operator", /current/],
  [0x5007, "operator", /too high/],
  [0x5008, "operator", /too low/],
  [0x5009, "maintainer", /real-time layer/],
  [0xffff, "supervisor", /no list/],
  [-1, "supervisor", /no list/],
];
const JOINT: readonly (readonly [number, Role, RegExp])[] = [
  [0x0001, "maintainer", /motor control/],
  [0x0002, "operator", /voltage too high/],
  [0x0004, "operator", /voltage too low/],
  [0x0008, "operator", /hot/],
  [0x0010, "supervisor", /start up/],
  [0x0020, "maintainer", /encoder/],
  [0x0040, "operator", /current/],
  [0x0080, "maintainer", /software/],
  [0x0100, "maintainer", /temperature sensor/],
  [0x0200, "supervisor", /limit/],
  [0x0400, "maintainer", /identity/],
  [0x0800, "supervisor", /follow/],
  [0x1000, "maintainer", /current sensing/],
  [0x2000, "maintainer", /brake/],
  [0x4000, "supervisor", /step.*report it/],
  [0x8000, "maintainer", /turns/],
  [0xf000, "maintainer", /: frames lost$/],
  [0x10000, "supervisor", /: in no list of the vendor$/],
];

const found = (changes: Partial<ArmState>): ArmFault => {
  const fault = armFault(armAt(POSE, changes));
  assert.ok(fault !== null);
  return fault;
};
const hex = (code: number): string => `0x${code.toString(16).toUpperCase().padStart(4, "0")}`;

/** Nothing is permitted, in no mode and to no source, and nothing is after the arm has cleared the error by itself. */
function assertStopsEverywhere(changes: Partial<ArmState>): void {
  for (const mode of MODES) {
    for (const source of SOURCES) {
      const [state, verdict] = guard(AT_REST, input(source, POSE, { mode, arm: armAt(POSE, changes) }));
      assert.ok(verdict.kind === "refuse" && verdict.reaction === "quick-stop", `${source} in ${mode}`);
      assert.ok(verdict.refusals.some(({ code }) => code === "arm-fault"));
      assert.equal(guard(state, input(source, POSE, { mode }))[1].kind, "refuse");
    }
  }
}

describe("AR-01: errors of the arm", () => {
  for (const [code, role, words] of SYSTEM) {
    it(`system error ${hex(code)}: quick stop in every mode, acknowledged by a ${role}`, () => {
      const fault = found({ systemErrors: [0, code] });
      assert.equal(fault.acknowledgedBy, role);
      assert.ok(fault.detail.startsWith(`system error ${hex(code)}: `), fault.detail);
      assert.match(fault.detail, words);
      assert.equal(fault.isOurs, /report it/.test(words.source));
      assertStopsEverywhere({ systemErrors: [code] });
    });
  }

  for (const [bits, role, words] of JOINT) {
    it(`joint error ${hex(bits)}: quick stop in every mode, acknowledged by a ${role}`, () => {
      for (let joint = 0; joint < 7; joint++) {
        const fault = found({ jointErrors: withJoint(STILL, joint, bits) });
        assert.equal(fault.acknowledgedBy, role);
        assert.ok(fault.detail.startsWith(`J${joint + 1} error ${hex(bits)}: `), fault.detail);
        assert.match(fault.detail, words);
        assert.equal(fault.isOurs, /report it/.test(words.source));
      }
      assertStopsEverywhere({ jointErrors: withJoint(STILL, 3, bits) });
    });
  }

  it("the tables have no code without a test", () => {
    const tested = (rows: typeof SYSTEM): ReadonlySet<number> => new Set(rows.map(([code]) => code));
    assert.deepEqual(
      [...SYSTEM_FAULTS.keys()].filter((code) => !tested(SYSTEM).has(code)),
      [],
    );
    assert.deepEqual(
      [...JOINT_FAULTS.keys()].filter((bits) => !tested(JOINT).has(bits)),
      [],
    );
  });

  it("several at once: all in words, the highest role of all, in whatever order", () => {
    const several = found({ systemErrors: [0x5003, 0x100d], jointErrors: withJoint(STILL, 3, 0x0803) });
    assert.equal(
      several.detail,
      "system error 0x5003: the controller is too hot; system error 0x100D: collision; " +
        "J4 error 0x0803: motor control too slow, voltage too high, does not follow",
    );
    assert.deepEqual([several.acknowledgedBy, several.isOurs], ["maintainer", false]);
    for (const systemErrors of [
      [0x1001, 0x5003],
      [0x5003, 0x1001],
    ]) {
      assert.equal(found({ systemErrors }).acknowledgedBy, "maintainer");
    }
    assert.equal(found({ systemErrors: [0x100d, 0x1007] }).isOurs, true);
    assert.match(found({ jointErrors: withJoint(STILL, 0, 0x10008) }).detail, /too hot, in no list of the vendor$/);
  });

  it("AR-02: a joint that is not enabled is a supervisor's, and no fault of this program", () => {
    const jointEnabled = STILL.map((_, joint) => joint !== 5);
    const { detail, acknowledgedBy, isOurs } = found({ jointEnabled });
    assert.deepEqual([detail, acknowledgedBy, isOurs], ["J6 is not enabled", "supervisor", false]);
  });

  it("zero is no error", () => {
    assert.equal(armFault(armAt(POSE, { systemErrors: [0] })), null);
    for (const mode of MODES) {
      for (const source of SOURCES) {
        const [, verdict] = guard(AT_REST, input(source, POSE, { mode }));
        assert.ok(verdict.kind === "permit" || verdict.refusals.every(({ code }) => code === "mode-forbids"));
      }
    }
  });
});
