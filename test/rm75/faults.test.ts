import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { DriverError } from "../../daemon/types/driver-error.js";
import { createRm75Arm } from "../../drivers/rm75/rm75-arm.js";
import { StateReceiver } from "../../drivers/rm75/state-receiver.js";
import { RM75_B as FACTORY_NEW } from "../../drivers/virtual-lab/controller/controller-state.js";
import { RawClient } from "../virtual-lab/controller-client.js";
import { connected, DEGREE, permitted, Recorder, START, tcpRig, turned, until } from "./rig.js";

describe("the wrong arm is refused, and the field is named", () => {
  const seven = (value: number) => [value, value, value, value, value, value, value];
  const dh = FACTORY_NEW.dh.map((row, i) => (i === 6 ? [90_000, 0, 172_500, 0] : row));
  const cases = [
    { field: "model", identity: { ...FACTORY_NEW, product: "RM75-6F" } },
    { field: "controller generation", identity: { ...FACTORY_NEW, generation: 4 as const, firmware: "V1.7.1" } },
    { field: "firmware", identity: { ...FACTORY_NEW, firmware: "V1.5.2" } },
    { field: "minimum of J1", identity: { ...FACTORY_NEW, registers: { get_joint_min_pos: seven(-170_000) } } },
    {
      field: "maximum of J2",
      identity: {
        ...FACTORY_NEW,
        registers: { get_joint_max_pos: [178_000, 110_000, 178_000, 135_000, 178_000, 128_000, 360_000] },
      },
    },
    { field: "maximum speed of J3", identity: { ...FACTORY_NEW, registers: { get_joint_max_speed: seven(30_000) } } },
    { field: "DH d of J7", identity: { ...FACTORY_NEW, dh } },
    // AR-07: an arm that does not look out for collisions is not the arm that is described.
    { field: "collision stage", identity: { ...FACTORY_NEW, registers: { get_collision_stage: 3 } } },
  ];
  for (const { field, identity } of cases) {
    it(field, async () => {
      const rig = await tcpRig({ identity });
      const arm = createRm75Arm(rig.options);
      await assert.rejects(arm.connect(new Recorder()), (error) => {
        assert.ok(error instanceof DriverError);
        assert.equal(error.code, "wrong-arm");
        assert.equal(error.context.field, field);
        return true;
      });
      await rig.close();
    });
  }

  it("answers of the wrong shape: six joints", async () => {
    const rig = await tcpRig({ identity: { ...FACTORY_NEW, registers: { get_joint_min_pos: [0, 0, 0, 0, 0, 0] } } });
    await assert.rejects(
      createRm75Arm(rig.options).connect(new Recorder()),
      (error) => error instanceof DriverError && error.code === "bad-answer" && /get_joint_min_pos/.test(error.message),
    );
    await rig.close();
  });
});

describe("both error styles", () => {
  for (const errorStyle of ["scalars", "list", "both"] as const) {
    it(`${errorStyle}: a collision is seen`, async () => {
      const firmware = errorStyle === "scalars" ? "V1.6.4" : "V1.7.1";
      const rig = await tcpRig({ identity: { ...FACTORY_NEW, errorStyle, firmware } });
      const { arm, recorder } = await connected(rig);
      assert.deepEqual(recorder.last.systemErrors, []);
      rig.controller.inject({ kind: "system-error", code: 0x100d });
      await until(() => recorder.last.systemErrors.length > 0, "the collision");
      assert.deepEqual(recorder.last.systemErrors, [0x100d]);
      await arm.close();
      await rig.close();
    });
  }
});

describe("a link that breaks", () => {
  it("refused, or nobody there: connect-refused", async () => {
    const rig = await tcpRig();
    rig.controller.inject({ kind: "refuse-connect" });
    const arm = createRm75Arm(rig.options);
    await assert.rejects(
      arm.connect(new Recorder()),
      (error) => error instanceof DriverError && error.code === "connect-refused",
    );
    rig.controller.inject({ kind: "clear" });
    await arm.connect(new Recorder());
    await arm.close();
    await rig.close();
  });

  for (const reset of [false, true]) {
    it(`${reset ? "reset" : "closed"} by the arm: lost once, then usable again`, async () => {
      const rig = await tcpRig();
      const { arm, recorder } = await connected(rig);
      rig.controller.inject({ kind: "close-connections", reset });
      await until(() => recorder.lost.length > 0, "the loss");
      arm.send(permitted(START));
      arm.stop("quick");
      await assert.rejects(arm.clearFaults(), DriverError);
      await delay(20);
      assert.deepEqual(
        recorder.lost.map(({ code }) => code),
        ["link-lost"],
      );
      const again = new Recorder();
      await arm.connect(again);
      assert.ok(again.states.length > 0);
      await arm.close();
      await rig.close();
    });
  }

  it("no state arrives: no-answer that names the address to check", async () => {
    const rig = await tcpRig();
    rig.controller.inject({ kind: "drop-udp", count: null });
    await assert.rejects(
      createRm75Arm(rig.options).connect(new Recorder()),
      (error) => error instanceof DriverError && error.code === "no-answer" && /127\.0\.0\.1/.test(error.message),
    );
    await rig.close();
  });

  it("garbage from the arm is dropped, and counted in what it reports", async () => {
    const rig = await tcpRig();
    const { arm, recorder } = await connected(rig);
    rig.controller.inject({ kind: "garbage" });
    await arm.clearFaults();
    // One line on each of the two connections.
    await until(() => recorder.last.link.garbled === 2, "the count");
    assert.equal(recorder.last.link.unasked, 0);
    assert.equal(recorder.lost.length, 0);
    await arm.close();
    await rig.close();
  });

  it("a setpoint that is refused and an answer that comes twice are counted; what a stop or the gripper says is not", async () => {
    const rig = await tcpRig();
    const { arm, gripper, recorder } = await connected(rig);
    await until(() => gripper.state().receivedAt > 0, "a report of the gripper");
    arm.stop("quick");
    const says = (message: object): void => {
      const base64 = Buffer.from(`${JSON.stringify(message)}\r\n`).toString("base64");
      rig.controller.impair({ target: "tcp-bytes", base64, repeat: 1 });
    };
    says({ command: "set_gripper", state: true });
    says({ command: "movej_canfd", receive_state: true });
    says({ state: "a_new_kind_of_event" });
    says({ command: "movej_canfd", receive_state: false });
    await until(() => recorder.last.link.refused === 2, "the refusal");
    assert.equal(recorder.last.link.unasked, 0);
    says({ command: "get_DH_data" });
    await until(() => recorder.last.link.unasked === 2, "the answer");
    assert.equal(recorder.last.link.garbled, 0);
    await arm.close();
    await rig.close();
  });

  it("settings that another client changes are noticed within some seconds, and so is that they are as they were", async () => {
    const rig = await tcpRig();
    const { arm, recorder } = await connected(rig);
    const other = await RawClient.open(rig.controller);
    await other.ask({ command: "set_collision_stage", collision_stage: 0 });
    await until(() => recorder.last.link.changed !== null, "the change");
    assert.match(recorder.last.link.changed ?? "", /collision stage is 0, not 4 or more/);
    const { collisionReadAt } = recorder.last.link;
    await other.ask({ command: "set_collision_stage", collision_stage: 5 });
    await until(() => recorder.last.link.changed === null, "the former setting");
    assert.ok(recorder.last.link.collisionReadAt > collisionReadAt, "AR-07: read back anew, and enough");
    other.close();
    await arm.close();
    await rig.close();
  });

  it("an arm that stops answering: clearFaults fails and the link is lost", async () => {
    const rig = await tcpRig();
    const { arm, recorder } = await connected(rig);
    rig.controller.inject({ kind: "silence" });
    await assert.rejects(arm.clearFaults(), (error) => error instanceof DriverError && error.code === "no-answer");
    assert.deepEqual(
      recorder.lost.map(({ code }) => code),
      ["no-answer"],
    );
    await rig.close();
  });

  it("a stop that a silent arm does not confirm is written four times in all", async () => {
    const rig = await tcpRig();
    const { arm } = await connected(rig);
    rig.controller.inject({ kind: "silence" });
    rig.controller.clearArrivals();
    arm.stop("quick");
    await until(() => rig.controller.arrivals().total === 4, "the repetitions");
    await delay(150);
    assert.equal(rig.controller.arrivals().total, 4);
    arm.reset();
    await rig.close();
  });

  it("after a stall and a reset, frames that waited in us are gone and the arm holds where the last read one led", async () => {
    const rig = await tcpRig();
    const { arm } = await connected(rig);
    rig.controller.clearArrivals();
    rig.controller.inject({ kind: "stall-reading", seconds: 0.3 });
    const sent = 10;
    for (let n = 0; n < sent; n += 1) {
      arm.send(permitted(turned(n * 0.05)));
    }
    arm.reset();
    for (let n = 0; n < 20; n += 1) {
      arm.send(permitted(turned(5)));
    }
    await delay(400);
    const { records } = rig.controller.arrivals();
    assert.ok(records.length <= sent, `${records.length} frames were replayed`);
    assert.ok(records.every(({ q }) => (q?.[0] ?? 0) - START[0] < 0.5 * DEGREE));
    await rig.close();
  });
});

describe("the state push", () => {
  it("is set up, and set back at the end", async () => {
    const rig = await tcpRig();
    const watcher = await RawClient.open(rig.controller);
    const before = await watcher.ask({ command: "get_realtime_push" });
    const { arm } = await connected(rig);
    const during = await watcher.ask({ command: "get_realtime_push" });
    assert.equal(during.ip, "127.0.0.1");
    assert.notEqual(during.port, before.port);
    // A reset cannot set anything back; the next session must still know what was there at first.
    arm.reset();
    await arm.connect(new Recorder());
    await arm.close();
    assert.deepEqual(await watcher.ask({ command: "get_realtime_push" }), before);
    watcher.close();
    await rig.close();
  });

  it("is believed from the arm only: not from another address, nor from another port of it", async () => {
    const pushes: unknown[] = [];
    const receiver = await StateReceiver.open({
      host: "127.0.0.1",
      port: 0,
      source: "127.0.0.1",
      onPush: (push) => pushes.push(push),
      onLost: () => {},
    });
    const arm = createSocket("udp4").bind(0, "127.0.0.1");
    const neighbour = createSocket("udp4").bind(0, "127.0.0.1");
    const stranger = createSocket("udp4").bind(0, "127.0.0.2");
    await Promise.all([arm, neighbour, stranger].map((socket) => once(socket, "listening")));
    const send = (socket: typeof arm, text: string) => socket.send(text, receiver.port, "127.0.0.1");
    send(stranger, '{"from":"stranger"}');
    await until(() => receiver.dropped.foreign === 1, "the stranger");
    send(arm, '{"from":"arm"}\r\n');
    await until(() => pushes.length === 1, "the arm");
    send(neighbour, '{"from":"neighbour"}');
    await until(() => receiver.dropped.foreign === 2, "the neighbour");
    send(arm, "no message");
    await until(() => receiver.dropped.malformed === 1, "the malformed one");
    assert.deepEqual(pushes, [{ from: "arm" }]);
    for (const socket of [arm, neighbour, stranger]) {
      socket.close();
    }
    receiver.close();
  });

  it("needs its port: port-busy", async () => {
    const taken = createSocket("udp4").bind(0, "127.0.0.1");
    await once(taken, "listening");
    const rig = await tcpRig();
    const push = { ...rig.options.push, port: taken.address().port };
    await assert.rejects(
      createRm75Arm({ ...rig.options, push }).connect(new Recorder()),
      (error) => error instanceof DriverError && error.code === "port-busy",
    );
    taken.close();
    await rig.close();
  });
});

describe("an address that is not ours", () => {
  it("cannot receive the push, and is named", async () => {
    const rig = await tcpRig();
    await assert.rejects(
      createRm75Arm({ ...rig.options, push: { ...rig.options.push, host: "192.0.2.1" } }).connect(new Recorder()),
      (error) => error instanceof DriverError && error.code === "connect-timeout" && /192\.0\.2\.1/.test(error.message),
    );
    await rig.close();
  });
});

describe("the gripper", () => {
  it("is told an opening once, and reports where it is", async () => {
    const rig = await tcpRig();
    const { arm, gripper } = await connected(rig);
    await until(() => gripper.state().receivedAt > 0, "the first report");
    assert.deepEqual({ ...gripper.state(), receivedAt: 0 }, { commanded: 1, measured: 1, receivedAt: 0 });
    gripper.command(0.2);
    gripper.command(0.2);
    gripper.command(0.2001);
    await until(() => gripper.state().measured <= 0.205, "the gripper to close");
    assert.equal(gripper.state().commanded, 0.2001);
    assert.equal(rig.plant.measured().gripperOpening.toFixed(2), "0.20");
    await arm.close();
    await rig.close();
  });

  it("gets nothing while the arm is away, nor later what it was told then", async () => {
    const rig = await tcpRig();
    const { arm, gripper } = await connected(rig);
    arm.reset();
    gripper.command(0);
    await arm.connect(new Recorder());
    await until(() => gripper.state().receivedAt > 0, "a report");
    assert.equal(gripper.state().commanded, 1);
    assert.equal(rig.plant.measured().gripperOpening, 1);
    await arm.close();
    await gripper.close();
    await rig.close();
  });
});
