import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type JointVector, jointPosition } from "../../daemon/types/units.js";
import * as codec from "../../drivers/rm75/codec.js";
import { decodeJointTarget, JointTargetEncoder } from "../../drivers/rm75/joint-target.js";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../drivers/rm75/json-object.js";
import { MAXIMUM_LINE_BYTES } from "../../drivers/rm75/line-splitter.js";
import { MessageDecoder } from "../../drivers/rm75/message-decoder.js";
import { readPush } from "../../drivers/rm75/state-push.js";
import { type Message, samples } from "../virtual-lab/controller-client.js";

const MILLI_DEGREE = Math.PI / 180_000;

function messages(chunks: readonly Buffer[]): JsonObject[] {
  const decoder = new MessageDecoder();
  const found: JsonObject[] = [];
  for (const chunk of chunks) {
    // A chunk is only valid during the call, as in a socket's read buffer.
    const scratch = Buffer.from(chunk);
    decoder.push(scratch, (message) => found.push(message));
    scratch.fill(0x78);
  }
  return found;
}

describe("frames of a stream", () => {
  const encoder = new JointTargetEncoder();

  it("are the bytes that the vendor's client sends", () => {
    const q = jointPosition([1, -2.5, 3.25, 4.125, -5.062, 6.123, 7].map((angle) => (angle * Math.PI) / 180));
    assert.equal(
      encoder.encode(q).toString("latin1"),
      '{"command":"movej_canfd","joint":[1000,-2500,3250,4125,-5062,6123,7000],"follow":true,"expand":0,"trajectory_mode":0,"radio":0}\r\n',
    );
  });

  it("say within 0.0005 degrees what they were given, by our decoder and by JSON", () => {
    const angle = fc.oneof(
      fc.double({ min: -2 * Math.PI, max: 2 * Math.PI, noNaN: true }),
      fc.constantFrom(0, -0, 1e-9, -1e-9, MILLI_DEGREE / 2, -MILLI_DEGREE / 2, 9.9995 * 1000 * MILLI_DEGREE),
    );
    const decoded = new Float64Array(7);
    fc.assert(
      fc.property(fc.tuple(angle, angle, angle, angle, angle, angle, angle), (angles) => {
        const q: JointVector = angles;
        const frame = encoder.encode(q);
        assert.ok(decodeJointTarget(frame, decoded));
        const parsed: unknown = JSON.parse(frame.toString("latin1"));
        const joint = isJsonObject(parsed) ? parsed.joint : null;
        assert.deepEqual(
          joint,
          q.map((value) => Math.round(value / MILLI_DEGREE) + 0),
        );
        q.forEach((value, i) => {
          assert.ok(Math.abs((decoded[i] ?? Number.NaN) - value) <= 0.5 * MILLI_DEGREE + 1e-12);
        });
      }),
      { numRuns: 5000 },
    );
  });

  it("are refused for angles that are not finite or that no joint has", () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 6.4, -6.4]) {
      const q: JointVector = [0, 0, 0, wrong, 0, 0, 0];
      assert.throws(() => encoder.encode(q), RangeError);
    }
  });

  it("are not sent when they came out as something else", () => {
    let reads = 0;
    const fickle: JointVector = Object.defineProperty([0, 0, 0, 0, 0, 0, 0], 2, {
      get: () => {
        reads += 1;
        return reads === 1 ? 0.5 : 0.4;
      },
    }) as unknown as JointVector;
    assert.throws(() => encoder.encode(fickle), /came out as/);
    const short = [0, 0, 0, 0, 0, 0] as unknown as JointVector;
    assert.throws(() => encoder.encode(short), RangeError);
  });

  it("are told from bytes that are no frame", () => {
    const q = new Float64Array(7);
    for (const text of [
      '{"command":"movej_canfd","joint":[1,2,3]}',
      '{"command":"movej_canfd","joint":[1,,3,4,5,6,7],',
      "",
    ]) {
      assert.equal(decodeJointTarget(Buffer.from(text), q), false);
    }
  });
});

describe("bytes become messages", () => {
  const replies = samples("tcp-").flatMap(({ reply }) => (reply ? [reply] : []));
  const stream = Buffer.from(replies.map((reply) => `${JSON.stringify(reply)}\r\n`).join(""));

  it("whole, many in one piece, and byte by byte", () => {
    assert.deepEqual(messages([stream]), replies);
    assert.deepEqual(messages([...stream].map((byte) => Buffer.of(byte))), replies);
  });

  it("split at each byte", () => {
    const two = replies.slice(0, 2);
    const bytes = Buffer.from(two.map((reply) => `${JSON.stringify(reply)}\r\n`).join(""));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(messages([bytes.subarray(0, cut), bytes.subarray(cut)]), two, `cut at ${cut}`);
    }
  });

  it("with LF inside, as the vendor's client prints them", () => {
    assert.deepEqual(messages([Buffer.from('{\n\t"command":\t"x",\n\t"a":\t[1,\n2]\n}\r\n')]), [
      { command: "x", a: [1, 2] },
    ]);
  });

  it("cut anywhere, in any number of pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const chunks = edges.slice(1).map((end, i) => stream.subarray(edges[i], end));
        assert.deepEqual(messages(chunks), replies);
      }),
      { numRuns: 60 },
    );
  });

  it("after garbage too, without ever throwing", () => {
    const reply = '{"state":"joint_degree","joint":[1,2,3,4,5,6,7]}';
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (garbage) => {
        const noise = garbage.map((bytes) => Buffer.from(bytes));
        const found = messages([...noise, Buffer.from(`\r\n${reply}\r\n`)]);
        assert.deepEqual(found.at(-1), JSON.parse(reply));
      }),
      { numRuns: 500 },
    );
  });

  it("never out of invalid UTF-8, lists, numbers or null", () => {
    for (const line of [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "[]", "null", "12", '"x"', "{"]) {
      assert.equal(parseJsonObject(Buffer.from(line)), null);
    }
  });

  it("not when a line is longer than 64 KiB, but again after it", () => {
    const long = Buffer.alloc(3 * MAXIMUM_LINE_BYTES, 0x61);
    const after = Buffer.from('\r\n{"a":1}\r\n');
    assert.deepEqual(messages([long, after]), [{ a: 1 }]);
    assert.deepEqual(messages([...Array.from({ length: 200 }, () => long.subarray(0, 1000)), after]), [{ a: 1 }]);
    assert.deepEqual(messages([Buffer.concat([long, after])]), [{ a: 1 }]);
  });

  it("and what is none is counted, of a line without an end each 64 KiB", () => {
    const decoder = new MessageDecoder();
    const garbledAfter = (bytes: Buffer): number => {
      decoder.push(bytes, () => {});
      return decoder.garbled;
    };
    assert.equal(garbledAfter(Buffer.from("a\r\n{}\r\nb\r\n\r\n")), 2);
    assert.equal(garbledAfter(Buffer.alloc(MAXIMUM_LINE_BYTES, 0x61)), 2);
    assert.equal(garbledAfter(Buffer.alloc(1, 0x61)), 3);
    assert.equal(garbledAfter(Buffer.alloc(2 * MAXIMUM_LINE_BYTES, 0x61)), 5);
    assert.equal(garbledAfter(Buffer.from("\r\n{}\r\n")), 5);
  });
});

describe("what the arm says of setpoints", () => {
  it("is a refusal only where it says so", () => {
    assert.equal(codec.refusesSetpoint({ command: "movej_canfd", receive_state: false }), true);
    assert.equal(codec.refusesSetpoint({ command: "movej_canfd", receive_state: true }), false);
    assert.equal(codec.refusesSetpoint({ command: "movej_canfd" }), false);
    assert.equal(codec.refusesSetpoint({ command: "movej", receive_state: false }), false);
    // The answer on a serial line.
    assert.equal(codec.refusesSetpoint({ state: "joint_state", joint: [0, 0, 0, 0, 0, 0, 0], arm_err: 0 }), false);
  });
});

describe("replies become answers", () => {
  const queries: readonly codec.Query<unknown>[] = [
    codec.SOFTWARE_INFO,
    codec.JOINT_MINIMUM,
    codec.JOINT_MAXIMUM,
    codec.JOINT_SPEED,
    codec.LINK_GEOMETRY,
    codec.PUSH_SETTINGS,
    codec.POLLED_STATE,
    codec.JOINT_ERRORS,
    codec.JOINT_ENABLED,
    codec.GRIPPER_REPORT,
    codec.TOOL_FRAME,
    codec.RUNNING_TIME,
    codec.HARDWARE_ADDRESS,
    codec.CLEAR_SYSTEM_ERROR,
    codec.clearJointError(4),
    codec.enableJoint(4),
    codec.moveGripper(0.5),
    codec.configurePush({ enable: true, cycle: 1, port: 8089, ip: "192.168.1.10", statusWord: true }),
  ];

  for (const query of queries) {
    const recorded = samples("tcp-").filter(({ request }) => request?.command === query.command);
    it(`${query.command}: the recorded ones`, () => {
      assert.ok(recorded.length > 0);
      for (const { request, reply } of recorded) {
        assert.ok(reply && codec.answers(query, reply));
        assert.notEqual(query.read(reply), null);
        assert.deepEqual(
          Object.keys(parseJsonObject(query.request.subarray(0, -2)) ?? {}).filter((key) => key !== "custom"),
          Object.keys(request ?? {}).filter((key) => key !== "custom"),
        );
      }
    });

    it(`${query.command}: not when a field that matters is wrong`, () => {
      const [sample] = recorded;
      assert.ok(sample?.reply);
      let refused = 0;
      for (const [field, value] of Object.entries(sample.reply)) {
        for (const wrong of damaged(value)) {
          const answer = query.read({ ...sample.reply, [field]: wrong });
          refused += answer === null ? 1 : 0;
          assert.ok(answer === null || !JSON.stringify(answer).includes("null"), `${field}: ${JSON.stringify(wrong)}`);
        }
      }
      assert.ok(refused > 0);
    });
  }

  it("in SI units", () => {
    const [half] = codec.JOINT_MAXIMUM.read({ max_pos: [180_000, 0, 0, 0, 0, 0, 0] }) ?? [];
    assert.ok(Math.abs((half ?? 0) - Math.PI) < 1e-12);
    const speeds = codec.JOINT_SPEED.read({ joint_speed: [30_000, 0, 0, 0, 0, 0, 37_500] }) ?? [];
    assert.ok(Math.abs((speeds[0] ?? 0) - Math.PI) < 1e-12 && Math.abs((speeds[6] ?? 0) - 1.25 * Math.PI) < 1e-12);
    const hand = { tool_name: "gripper", pose: [0, 0, 150_000, 0, 0, 1500], payload: 620, position: [0, 0, 60_000] };
    const { position, angles, payload, centre } = codec.TOOL_FRAME.read(hand) ?? {};
    const rounded = (values: readonly number[] = []) => values.map((value) => Number(value.toFixed(9)));
    assert.deepEqual(
      [rounded(position), rounded(angles), rounded(centre)],
      [
        [0, 0, 0.15],
        [0, 0, 1.5],
        [0, 0, 0.06],
      ],
    );
    assert.equal(payload, 0.62);
    assert.equal(codec.RUNNING_TIME.read({ day: 12, hour: 3, min: 40, sec: 7 }), 1_050_007);
    assert.equal(codec.HARDWARE_ADDRESS.read({ mac: "02:00:00:00:00:AF" }), "02:00:00:00:00:af");
    assert.equal(codec.CONTROLLER_TEMPERATURE.read({ temperature: 41_500 }), 41.5);
    assert.equal(codec.GRIPPER_REPORT.read({ actpos: 512, status: 1, error: 0 })?.opening, 0.512);
  });

  it("are none where stage or temperature is no number that there is", () => {
    assert.deepEqual(
      [0, 8, 9, -1, 1.5, "3", null].map((stage) => codec.COLLISION_STAGE.read({ collision_stage: stage })),
      [0, 8, null, null, null, null, null],
    );
    for (const temperature of [1_000_001, -1_000_001, 20.5, "20", null]) {
      assert.equal(codec.CONTROLLER_TEMPERATURE.read({ temperature }), null);
    }
  });

  it("say what became of a stop, and of nothing else", () => {
    assert.equal(codec.stopReply({ command: "set_arm_stop", arm_stop: true }), true);
    assert.equal(codec.stopReply({ command: "set_arm_stop", arm_stop: "true" }), false);
    assert.equal(codec.stopReply({ command: "set_arm_slow_stop", arm_slow_stop: true }), true);
    assert.equal(codec.stopReply({ command: "set_arm_slow_stop" }), false);
    assert.equal(codec.stopReply({ command: "movej_canfd", arm_stop: true }), null);
  });

  it("name a generation, or are no answer", () => {
    const reply = { Product_version: "RM75-B", ctrl_info: { version: "V1.7.1" } };
    assert.equal(codec.SOFTWARE_INFO.read(reply)?.generation, 3);
    assert.equal(codec.SOFTWARE_INFO.read({ ...reply, robot_controller_version: "4.0" })?.generation, 4);
    assert.equal(codec.SOFTWARE_INFO.read({ ...reply, robot_controller_version: "command" }), null);
  });

  it("gripper openings go out as 1 to 1000", () => {
    assert.deepEqual([0, 0.0004, 0.5, 1].map(codec.gripperPosition), [1, 1, 500, 1000]);
  });
});

describe("the state push", () => {
  for (const { name, frame } of samples("udp-")) {
    it(`${name} is read`, () => {
      assert.ok(frame);
      const read = readPush(frame, 12);
      assert.equal(read.kind, "state");
      assert.ok(read.kind === "state");
      assert.equal(read.state.receivedAt, 12);
      read.state.measured.forEach((angle, i) => {
        assert.ok(Math.abs(angle - ((i + 1) * 10 * Math.PI) / 180) < 1e-12);
      });
      assert.deepEqual(read.state.systemErrors, name === "push-fault" ? [4109] : []);
      assert.deepEqual(read.state.jointErrors, name === "push-fault" ? [0, 0, 0, 64, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 0]);
      assert.deepEqual(read.state.jointEnabled, [true, true, true, true, true, true, true]);
    });
  }

  const [good] = samples("udp-push-union").map(({ frame }) => frame);
  const joints = isJsonObject(good?.joint_status) ? good.joint_status : {};

  it("is rejected when a field that moves or stops the arm is not exactly right", () => {
    assert.ok(good);
    for (const field of ["joint_position", "joint_err_code", "joint_en_flag"]) {
      for (const wrong of [...damaged(joints[field]), [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0], undefined]) {
        const read = readPush({ ...good, joint_status: { ...joints, [field]: wrong } }, 0);
        assert.equal(read.kind, "rejected", `${field}: ${JSON.stringify(wrong)}`);
      }
    }
    const wrongPushes: readonly Message[] = [
      { ...good, state: "realtime_arm_state" },
      { ...good, joint_status: null },
      { ...good, err: 0 },
      { ...good, err: ["0"] },
      { ...good, arm_err: null },
      { ...good, arm_current_status: 3 },
      { ...good, err: undefined, sys_err: undefined },
    ];
    for (const wrong of wrongPushes) {
      assert.equal(readPush(wrong, 0).kind, "rejected", JSON.stringify(wrong).slice(0, 90));
    }
  });

  it("keeps every code of every error field", () => {
    assert.ok(good);
    const read = readPush({ ...good, arm_err: 4103, sys_err: 4109, err: [0, 4109, 8193] }, 0);
    assert.deepEqual(read.kind === "state" && read.state.systemErrors, [4103, 4109, 8193]);
  });
});

/** Values that look like `value` and must not be taken for it. */
function damaged(value: unknown): readonly unknown[] {
  const other = [null, "12", true, {}, Number.POSITIVE_INFINITY, Number.NaN, 1e12, 0.5].filter(
    (wrong) => typeof wrong !== typeof value || typeof wrong === "number",
  );
  if (!Array.isArray(value)) {
    return typeof value === "object" && value !== null
      ? [null, [], "12", ...Object.keys(value).map((key) => ({ ...value, [key]: null }))]
      : other;
  }
  return [...other, value.slice(1), [...value, 0], value.map((item, i) => (i === 3 ? null : item)), value.map(String)];
}
