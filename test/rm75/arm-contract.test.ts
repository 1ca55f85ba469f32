import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hostClock } from "../../daemon/ports/clock.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import { createRm75Arm } from "../../drivers/rm75/rm75-arm.js";
import { connected, DEGREE, permitted, Recorder, type Rig, START, serialRig, tcpRig, turned, until } from "./rig.js";

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...[0, 1, 2, 3, 4, 5, 6].map((i) => Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN))));
}

for (const { name, open } of [
  { name: "TCP", open: () => tcpRig() },
  { name: "a serial line", open: serialRig },
]) {
  describe(`the Arm port over ${name}`, () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(async () => {
      await rig.close();
    });

    it("reads back who the arm is, and has a fresh state when it is connected", async () => {
      const { arm, recorder, identity } = await connected(rig);
      assert.equal(identity.model, "RM75-B");
      assert.equal(identity.generation, 3);
      assert.equal(identity.firmware, "1.7.1");
      assert.equal(identity.jointCount, 7);
      assert.ok(Math.abs(identity.maximum[6] - 2 * Math.PI) < 1e-9);
      assert.ok(Math.abs((identity.maximumSpeed[0] ?? 0) - Math.PI) < 1e-6);
      assert.ok(hostClock.now() - recorder.last.receivedAt < 2);
      assert.ok(largestDifference(recorder.last.measured, START) < 0.001 * DEGREE);
      assert.deepEqual(recorder.last.systemErrors, []);
      assert.deepEqual(recorder.last.jointErrors, [0, 0, 0, 0, 0, 0, 0]);
      assert.ok(recorder.last.jointEnabled.every(Boolean));
      await arm.close();
    });

    it("moves the arm with frames that arrive in order and as they were sent", async () => {
      const { arm, recorder } = await connected(rig);
      rig.controller.clearArrivals();
      const wanted = Array.from({ length: 40 }, (_, n) => turned(n * 0.02));
      for (const q of wanted) {
        arm.send(permitted(q));
        await delay(10);
      }
      await until(() => rig.controller.arrivals().total >= 0.9 * wanted.length, "the frames");
      await until(() => Math.abs(recorder.last.measured[0] - 0.78 * DEGREE) < 0.01 * DEGREE, "the arm to follow");
      const { records, violations } = rig.controller.arrivals();
      // A busy serial port may let a frame go; what arrives is what was sent, in order.
      let n = -1;
      for (const { command, q } of records) {
        assert.equal(command, "movej_canfd");
        n = wanted.findIndex((sent, i) => i > n && largestDifference(sent, q ?? []) <= 0.000_51 * DEGREE);
        assert.ok(n >= 0);
      }
      assert.deepEqual({ ...violations, period: 0 }, { period: 0, step: 0, speed: 0, acceleration: 0, start: 0 });
      await arm.close();
    });

    it("writes a stop after what was sent, and nothing after it", async () => {
      const { arm } = await connected(rig);
      for (const [kind, command] of [
        ["quick", "set_arm_stop"],
        ["slow", "set_arm_slow_stop"],
      ] as const) {
        rig.controller.clearArrivals();
        arm.send(permitted(START));
        arm.stop(kind);
        await until(() => rig.controller.arrivals().records.some((record) => record.command === command), "the stop");
        const [frame, ...stops] = rig.controller.arrivals().records;
        assert.equal(frame?.command, "movej_canfd");
        assert.ok(stops.every((record) => record.command === command));
      }
      await arm.close();
    });

    it("reports errors of arm and joints, and clears them", async () => {
      const { arm, recorder } = await connected(rig);
      rig.controller.inject({ kind: "system-error", code: 0x100d });
      rig.controller.inject({ kind: "joint-error", joint: 4, bits: 0x40 });
      rig.controller.inject({ kind: "joint-disabled", joint: 5 });
      await until(
        () => recorder.last.systemErrors.includes(0x100d) && recorder.last.jointErrors[3] === 0x40,
        "the errors",
      );
      await until(() => recorder.last.jointEnabled[4] === false, "the disabled joint");
      await arm.clearFaults();
      await until(
        () =>
          recorder.last.systemErrors.length === 0 &&
          recorder.last.jointErrors.every((bits) => bits === 0) &&
          recorder.last.jointEnabled.every(Boolean),
        "the errors to go",
      );
      await arm.close();
    });

    it("says no-answer when the controller is silent", async () => {
      rig.controller.inject({ kind: "silence" });
      const arm = createRm75Arm(rig.options);
      await assert.rejects(
        arm.connect(new Recorder()),
        (error) =>
          error instanceof DriverError && error.code === "no-answer" && /get_arm_software_info/.test(error.message),
      );
    });

    it("understands replies that come byte by byte", async () => {
      rig.controller.inject({ kind: "slice-replies" });
      const { arm, identity } = await connected(rig);
      assert.equal(identity.jointCount, 7);
      await arm.close();
    });

    it("never throws from stop, and sends nothing while it is not connected", async () => {
      const arm = createRm75Arm(rig.options);
      arm.stop("quick");
      arm.send(permitted(START));
      arm.reset();
      await arm.close();
      assert.equal(rig.controller.arrivals().total, 0);
    });

    it("can be connected again after a reset, and after it was closed", async () => {
      const arm = createRm75Arm(rig.options);
      for (const end of [() => Promise.resolve(arm.reset()), () => arm.close()]) {
        const recorder = new Recorder();
        await arm.connect(recorder);
        await end();
        assert.equal(recorder.lost.length, 0);
        await delay(20);
      }
    });
  });
}
