import assert from "node:assert/strict";
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { VirtualController } from "../../drivers/virtual-lab/controller/controller.js";
import { faultFrom } from "../../drivers/virtual-lab/controller/fault.js";
import { labController, RawClient } from "./controller-client.js";

const AT_SAMPLE = [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000];

/** A frame of a high-follow stream, `step` 0.001 degrees away from the start in joint 1. */
function frame(step: number): object {
  const joint = AT_SAMPLE.map((value, i) => value + (i === 0 ? step : 0));
  return { command: "movej_canfd", joint, follow: true, expand: 0, trajectory_mode: 0, radio: 0 };
}

describe("the virtual controller", () => {
  let controller: VirtualController;
  let client: RawClient;
  beforeEach(async () => {
    controller = await labController();
    client = await RawClient.open(controller);
  });
  afterEach(async () => {
    client.close();
    await controller.close();
  });

  async function j1(): Promise<number> {
    const { joint } = await client.ask({ command: "get_joint_degree" });
    return Array.isArray(joint) ? Number(joint[0]) : Number.NaN;
  }

  async function untilJ1(near: number): Promise<void> {
    while (Math.abs((await j1()) - near) > 20) {
      await delay(5);
    }
  }

  it("moves to a goal and tells the one who asked, and nobody else", async () => {
    const other = await RawClient.open(controller);
    const joint = AT_SAMPLE.map((value, i) => value - (i === 0 ? 5000 : 0));
    assert.deepEqual(await client.ask({ command: "movej", joint, v: 50, r: 0, trajectory_connect: 0 }), {
      command: "movej",
      receive_state: true,
    });
    assert.equal((await other.ask({ command: "get_arm_current_trajectory" })).type, "movej");
    assert.deepEqual(await client.next(), {
      state: "current_trajectory_state",
      trajectory_state: true,
      device: 0,
      trajectory_connect: 0,
    });
    await untilJ1(5000);
    assert.equal((await other.ask({ command: "get_arm_current_trajectory" })).type, "none");
    assert.deepEqual(other.pending(), []);
    other.close();
  });

  it("runs a chain when its last member arrives, with one event a segment", async () => {
    const goal = (degrees: number) => AT_SAMPLE.map((value, i) => value + (i === 0 ? degrees * 1000 : 0));
    await client.ask({ command: "movej", joint: goal(2), v: 100, r: 0, trajectory_connect: 1 });
    assert.equal((await client.ask({ command: "get_arm_current_trajectory" })).type, "none");
    await client.ask({ command: "movej", joint: goal(0), v: 100, r: 0, trajectory_connect: 0 });
    assert.deepEqual([(await client.next()).trajectory_connect, (await client.next()).trajectory_connect], [1, 0]);
  });

  it("goes straight with movel, and refuses what it cannot reach", async () => {
    const pose = [256_481, 232_442, 560_097, 1667, -496, 2959];
    assert.equal(
      (await client.ask({ command: "movel", pose, v: 100, r: 0, trajectory_connect: 0 })).receive_state,
      true,
    );
    assert.equal((await client.next()).trajectory_state, true);
    await delay(60);
    const { arm_state: state } = await client.ask({ command: "get_current_arm_state" });
    const reached = typeof state === "object" && state !== null && "pose" in state ? state.pose : null;
    assert.ok(Array.isArray(reached));
    pose.forEach((value, i) => {
      assert.ok(Math.abs(value - Number(reached[i])) <= (i < 3 ? 100 : 2), `${reached}`);
    });
    const far = await client.ask({ command: "movel", pose: [2e6, 0, 0, 0, 0, 0], v: 50, r: 0, trajectory_connect: 0 });
    assert.equal(far.receive_state, false);
  });

  it("stops a move without an event", async () => {
    const joint = AT_SAMPLE.map((value) => value - 10_000);
    await client.ask({ command: "movej", joint, v: 20, r: 0, trajectory_connect: 0 });
    assert.deepEqual(await client.ask({ command: "set_arm_stop" }), { command: "set_arm_stop", arm_stop: true });
    await delay(100);
    const rest = await j1();
    await delay(50);
    assert.equal(await j1(), rest);
    assert.deepEqual(client.pending(), []);
  });

  it("follows a stream without a word on TCP, and records when it came", async () => {
    for (let n = 1; n <= 30; n += 1) {
      client.send(frame(n * 20));
      await delay(10);
    }
    await untilJ1(10_600);
    const { total, records } = controller.arrivals();
    assert.equal(total, 30);
    assert.ok(records.every(({ at }, i) => at > (records[i - 1]?.at ?? 0)));
    assert.deepEqual(client.pending(), []);
    controller.clearArrivals();
    assert.equal(controller.arrivals().total, 0);
  });

  it("answers each frame on a serial line", async () => {
    const sent: string[] = [];
    const line = new Duplex({
      read: () => {},
      write: (chunk, _encoding, done) => {
        sent.push(String(chunk));
        done();
      },
    });
    controller.attachSerial(line);
    line.push(`${JSON.stringify(frame(0))}\r\n`);
    while (sent.length === 0) {
      await delay(2);
    }
    assert.deepEqual(JSON.parse(sent.join("")), { state: "joint_state", joint: AT_SAMPLE, arm_err: 0 });
    line.destroy();
  });

  it("moves the gripper, and tells when it rests", async () => {
    assert.deepEqual(await client.ask({ command: "set_gripper_position", position: 800, block: true }), {
      command: "set_gripper",
      state: true,
    });
    const done = await client.next();
    assert.deepEqual([done.device, done.trajectory_state], [1, true]);
    assert.equal((await client.ask({ command: "get_gripper_state" })).actpos, 800);
    assert.equal((await client.ask({ command: "set_gripper_position", position: 0, block: false })).state, false);
  });

  it("keeps what is set over connections", async () => {
    assert.equal((await client.ask({ command: "set_arm_max_line_speed", arm_line_speed: 100 })).arm_line_speed, true);
    assert.equal((await client.ask({ command: "set_joint_max_pos", joint_max_pos: [2, 90_000] })).joint_max_pos, true);
    const other = await RawClient.open(controller);
    assert.equal((await other.ask({ command: "get_arm_max_line_speed" })).arm_line_speed, 100);
    const { max_pos: maximum } = await other.ask({ command: "get_joint_max_pos" });
    assert.deepEqual(maximum, [178_000, 90_000, 178_000, 135_000, 178_000, 128_000, 360_000]);
    other.close();
  });

  it("answers nonsense with false or not at all, and lives on", async () => {
    client.send(
      'no json\r\n[1]\r\n{"command":7}\r\n{"command":"constructor"}\r\n{"command":"movej_canfd","joint":[null]}\r\n',
    );
    assert.deepEqual(await client.ask({ command: "dance" }), { command: "dance", state: false });
    assert.equal(controller.arrivals().total, 0);
  });

  it("holds a given pose after a reset, without errors", async () => {
    controller.inject({ kind: "system-error", code: 0x100d });
    controller.inject({ kind: "joint-error", joint: 2, bits: 1 });
    controller.reset();
    assert.deepEqual((await client.ask({ command: "get_joint_err_flag" })).err_flag, [0, 0, 0, 0, 0, 0, 0]);
    assert.equal((await client.ask({ command: "get_controller_state" })).err_flag, 0);
  });

  it("can be made to confirm stops that it does not make", async () => {
    controller.inject({ kind: "ignore-stop" });
    const joint = AT_SAMPLE.map((value, i) => value - (i === 0 ? 3000 : 0));
    await client.ask({ command: "movej", joint, v: 50, r: 0, trajectory_connect: 0 });
    assert.equal((await client.ask({ command: "set_arm_stop" })).arm_stop, true);
    assert.equal((await client.next()).trajectory_state, true);
    controller.inject({ kind: "refuse-stop" });
    assert.equal((await client.ask({ command: "set_arm_stop" })).arm_stop, false);
    controller.inject({ kind: "clear" });
    assert.equal((await client.ask({ command: "set_arm_stop" })).arm_stop, true);
  });

  it("pushes its state from its own address every n x 5 ms, ending in CR LF, and can lose or repeat it", async () => {
    const receiver = createSocket("udp4").bind(0, "127.0.0.1");
    await once(receiver, "listening");
    const got: { readonly text: string; readonly source: RemoteInfo }[] = [];
    receiver.on("message", (datagram, source) => got.push({ text: datagram.toString(), source }));
    const received = async (count: number) => {
      while (got.length < count) {
        await delay(2);
      }
    };
    const { port } = receiver.address();
    await client.ask({ command: "set_realtime_push", enable: true, cycle: 2, port, ip: "127.0.0.1" });
    await received(5);
    assert.ok(got.every(({ text, source }) => text.endsWith("}\r\n") && source.address === "127.0.0.1"));
    assert.ok(got.every(({ text }) => text.length < 1000));
    controller.inject({ kind: "drop-udp", count: null });
    await delay(30);
    const silent = got.length;
    await delay(60);
    assert.equal(got.length, silent);
    controller.inject({ kind: "clear" });
    controller.inject({ kind: "freeze-udp" });
    await received(silent + 1);
    client.send(frame(2000));
    const frozen = got.length;
    await received(frozen + 20);
    assert.equal(new Set(got.slice(frozen).map(({ text }) => text)).size, 1);
    controller.inject({ kind: "clear" });
    const thawed = got.length;
    while (!got.slice(thawed).some(({ text }) => text.includes("[12000,"))) {
      await delay(2);
    }
    receiver.close();
  });
});

describe("faults that come as JSON", () => {
  it("are taken when they are whole", () => {
    for (const fault of [
      { kind: "silence" },
      { kind: "stall-reading", seconds: 2 },
      { kind: "drop-udp", count: null },
      { kind: "system-error", code: 0x100d },
      { kind: "joint-error", joint: 7, bits: 0x40 },
      { kind: "close-connections", reset: true },
    ]) {
      assert.deepEqual(faultFrom(fault), fault);
    }
  });

  it("are refused with the field that is wrong", () => {
    assert.throws(() => faultFrom({ kind: "earthquake" }), /earthquake/);
    assert.throws(() => faultFrom({ kind: "joint-error", joint: 8, bits: 0 }), /joint/);
    assert.throws(() => faultFrom({ kind: "stall-reading" }), /seconds/);
    assert.throws(() => faultFrom(null), TypeError);
  });
});
