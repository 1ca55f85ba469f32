import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as codec from "../../drivers/rm75/codec.js";
import { LineSplitter, MAXIMUM_LINE_BYTES } from "../../drivers/rm75/line-splitter.js";
import { errorCodes } from "../../drivers/rm75/state-fields.js";

/** To the last byte and bit what goes out and what is made of what comes in (vendor's JSON protocol). */

const DEGREE = Math.PI / 180;

describe("requests are these bytes", () => {
  const requests: readonly (readonly [Buffer, string])[] = [
    [codec.QUICK_STOP, '{"command":"set_arm_stop"}'],
    [codec.SLOW_STOP, '{"command":"set_arm_slow_stop"}'],
    [codec.clearJointError(4).request, '{"command":"set_joint_clear_err","joint_clear_err":4}'],
    [codec.enableJoint(4).request, '{"command":"set_joint_en_state","joint_en_state":[4,1]}'],
    [codec.moveGripper(0.5).request, '{"command":"set_gripper_position","position":500,"block":false}'],
    [codec.COLLISION_STAGE.request, '{"command":"get_collision_stage"}'],
    [codec.CONTROLLER_TEMPERATURE.request, '{"command":"get_controller_state"}'],
    [
      codec.configurePush({ enable: true, cycle: 1, port: 8089, ip: "192.168.1.10", statusWord: true }).request,
      '{"command":"set_realtime_push","enable":true,"cycle":1,"port":8089,"ip":"192.168.1.10","custom":{"arm_current_status":true}}',
    ],
  ];
  for (const [bytes, words] of requests) {
    it(words, () => assert.equal(bytes.toString("latin1"), `${words}\r\n`));
  }
});

describe("answers are known by their names", () => {
  const names: readonly (readonly [codec.Query<unknown>, Record<string, string>])[] = [
    [codec.COLLISION_STAGE, { state: "get_collision_stage" }],
    [codec.CONTROLLER_TEMPERATURE, { state: "controller_state" }],
    [codec.moveGripper(0.5), { command: "set_gripper" }],
  ];
  for (const [query, reply] of names) {
    it(JSON.stringify(reply), () => {
      assert.equal(codec.answers(query, reply), true);
      assert.equal(codec.answers(query, { state: "other", command: "other" }), false);
      assert.equal(codec.answers(query, {}), false);
    });
  }

  it("the gripper's request keeps its own", () => assert.equal(codec.moveGripper(0.5).command, "set_gripper_position"));
});

describe("answers mean exactly", () => {
  it("a firmware without the V before it", () => {
    const firmware = (version: string) =>
      codec.SOFTWARE_INFO.read({ Product_version: "RM75-B", ctrl_info: { version } })?.firmware;
    assert.deepEqual([firmware("V1.7.1"), firmware("v1.7.1"), firmware("1.7V1")], ["1.7.1", "1.7.1", "1.7V1"]);
  });

  it("seven rows of link geometry in rad and m", () => {
    const row = (joint: number): number[] => [90_000 + joint, 1000 * joint, 240_500, -45_000];
    const rows = codec.LINK_GEOMETRY.read(
      Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((joint) => [`joint_${joint}`, row(joint)])),
    );
    assert.equal(rows?.length, 7);
    rows?.forEach(({ alpha, a, d, offset }, index) => {
      assert.ok(Math.abs(alpha - (90 + (index + 1) / 1000) * DEGREE) < 1e-12);
      assert.ok(Math.abs(a - (index + 1) / 1000) < 1e-12);
      assert.ok(Math.abs(d - 0.2405) < 1e-12);
      assert.ok(Math.abs(offset + 45 * DEGREE) < 1e-12);
    });
  });

  it("push settings, with the status word only where it is there and on", () => {
    const settings = { enable: true, cycle: 1, port: 8089, ip: "192.168.1.10" };
    const read = (custom: unknown) => codec.PUSH_SETTINGS.read({ ...settings, custom });
    assert.deepEqual(read({ arm_current_status: true }), { ...settings, statusWord: true });
    for (const custom of [{ arm_current_status: false }, {}, undefined, null]) {
      assert.deepEqual(read(custom), { ...settings, statusWord: false });
    }
  });

  it("a polled pose and its errors", () => {
    const state = { joint: [1000, 0, 0, 0, 0, 0, -2000], err: [0, 4109] };
    const read = codec.POLLED_STATE.read({ arm_state: state });
    assert.deepEqual(
      read?.q.map((angle) => Math.round(angle / DEGREE)),
      [1, 0, 0, 0, 0, 0, -2],
    );
    assert.deepEqual(read?.systemErrors, [4109]);
  });

  it("which joints are enabled, and whether the gripper is there", () => {
    assert.deepEqual(codec.JOINT_ENABLED.read({ en_state: [1, 0, 1, 1, 0, 1, 1] }), [
      ...[true, false, true, true, false, true, true],
    ]);
    assert.equal(codec.GRIPPER_REPORT.read({ actpos: 0, status: 0, error: 0 })?.online, false);
    assert.equal(codec.GRIPPER_REPORT.read({ actpos: 0, status: 1, error: 0 })?.online, true);
  });

  it("a hardware address and nothing around it", () => {
    const mac = "02:00:00:00:00:af";
    assert.equal(codec.HARDWARE_ADDRESS.read({ mac }), mac);
    for (const wrong of [`x${mac}`, `${mac}x`, [mac], "none", null]) {
      assert.equal(codec.HARDWARE_ADDRESS.read({ mac: wrong }), null);
    }
  });

  it("no errors only where every field that may carry one is there", () => {
    assert.equal(errorCodes({ sys_err: 0 }), null);
    assert.equal(errorCodes({ arm_err: 0 }), null);
    assert.deepEqual(errorCodes({ sys_err: 0, arm_err: 0 }), []);
    assert.deepEqual(errorCodes({ err: [] }), []);
  });
});

describe("lines are", () => {
  const splitter = (): { readonly push: (text: string) => string[]; readonly dropped: () => number } => {
    const lines = new LineSplitter();
    const push = (text: string): string[] => {
      const found: string[] = [];
      lines.push(Buffer.from(text), (line) => found.push(line.toString()));
      return found;
    };
    return { push, dropped: () => lines.dropped };
  };
  const a = (count: number): string => "a".repeat(count);

  it("what stands before CR LF, without it", () => {
    const { push } = splitter();
    assert.deepEqual(push("one\r\ntwo\r"), ["one"]);
    assert.deepEqual(push("\nth"), ["two"]);
    assert.deepEqual(push("ree\r\n"), ["three"]);
  });

  it("none where nothing stands between two ends, in one piece or in several", () => {
    const { push } = splitter();
    assert.deepEqual(push("\r\n\r\n"), []);
    assert.deepEqual([push("\r"), push("\n")], [[], []]);
  });

  it("whole where they begin behind others in the same piece", () => {
    const { push, dropped } = splitter();
    assert.deepEqual(push(`${a(60_000)}\r\n${a(10_000)}`), [a(60_000)]);
    assert.deepEqual(push("\r\n"), [a(10_000)]);
    assert.equal(dropped(), 0);
  });

  it("up to 64 KiB long with their CR; a longer one is none, nor is its end", () => {
    for (const pieces of [1, 2]) {
      const { push, dropped } = splitter();
      const given = (text: string): string[] =>
        pieces === 1 ? push(text) : [...push(text.slice(0, 9)), ...push(text.slice(9))];
      assert.deepEqual(given(`${a(MAXIMUM_LINE_BYTES - 1)}\r\n`), [a(MAXIMUM_LINE_BYTES - 1)]);
      assert.deepEqual(given(`${a(MAXIMUM_LINE_BYTES)}\r\nafter\r\n`), ["after"]);
      assert.equal(dropped(), 1);
    }
    const { push } = splitter();
    assert.deepEqual(push(a(MAXIMUM_LINE_BYTES + 1)), []);
    assert.deepEqual(push("its end\r\nafter\r\n"), ["after"]);
  });

  it("counted by whole 64 KiB from where they begin", () => {
    const { push, dropped } = splitter();
    push(`x\r\n${a(2 * MAXIMUM_LINE_BYTES - 2)}`);
    assert.equal(dropped(), 1);
    push(a(2));
    assert.equal(dropped(), 2);
  });
});
