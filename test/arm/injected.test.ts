import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Fault } from "../../drivers/virtual-lab/controller/fault.js";
import { afterStop, type DaemonEnd, Rig } from "./rig.js";

/** The real processes, moving; closed with the test. */
async function moving(t: TestContext): Promise<{ rig: Rig; daemon: DaemonEnd }> {
  const { rig, daemon } = await Rig.ready();
  t.after(() => rig.close());
  await daemon.move(rig);
  return { rig, daemon };
}

describe("what the virtual arm does wrong is answered on the wire", () => {
  const latched: readonly (readonly [string, Fault, string, string])[] = [
    ["AR-03: a hot joint", { kind: "joint-temperature", joint: 3, celsius: 86 }, "joint-hot", "set_arm_slow_stop"],
    ["AR-04: current", { kind: "joint-current", joint: 2, ampere: 60 }, "joint-current", "set_arm_slow_stop"],
    ["AR-05: supply", { kind: "joint-voltage", joint: 7, volt: 19 }, "joint-voltage", "set_arm_slow_stop"],
    ["OP-06: somebody drags the arm", { kind: "status", word: "current_drag" }, "foreign-motion", "set_arm_stop"],
    ["ML-04: a joint runs away", { kind: "drift", joint: 5, degreesPerSecond: 120 }, "overspeed", "set_arm_stop"],
  ];
  for (const [name, fault, code, command] of latched) {
    it(`${name}: ${command}, latched`, async (t) => {
      const { rig, daemon } = await moving(t);
      rig.inject(fault);
      const report = await daemon.until(({ mode }) => mode === "fault");
      assert.equal(report.stops[0]?.code, code);
      await rig.untilArrived((arrivals) => arrivals.some((arrival) => arrival.command === command));
      if (command === "set_arm_stop") {
        await daemon.until(({ at }) => at > report.at + 0.1);
        assert.ok(afterStop(rig.arrivals).every((arrival) => arrival.command === "set_arm_stop"));
      }
    });
  }

  it("OP-06: somebody drags the arm while it stands by: latched, and not stopped", async (t) => {
    const { rig, daemon } = await Rig.ready();
    t.after(() => rig.close());
    daemon.beat();
    await daemon.until(({ mode }) => mode === "standby");
    // An answer shows that the beat before it was heard.
    await daemon.request({ kind: "disengage" });
    rig.inject({ kind: "status", word: "current_drag" });
    const report = await daemon.until(({ mode }) => mode === "fault");
    assert.equal(report.stops[0]?.code, "foreign-motion");
    rig.inject({ kind: "clear" });
    await daemon.until(({ at, armStatus }) => armStatus !== "current_drag" && at > report.at + 0.1);
    assert.deepEqual(rig.arrivals, []);
    assert.match((await daemon.request({ kind: "acknowledge", reason: "test" })).reason, /not in control/);
    daemon.beat(2);
    const result = await daemon.request({ kind: "acknowledge", reason: "test" }, 2);
    assert.deepEqual([result.ok, result.reason], [true, ""]);
  });

  const held: readonly (readonly [string, Fault, string])[] = [
    ["AR-10: frozen reports", { kind: "freeze-udp" }, "state-frozen"],
    ["AR-11: jumping reports", { kind: "jump-udp", joint: 1, degrees: 5, count: 6 }, "state-implausible"],
    ["AR-08: a gripper that overheats", { kind: "gripper", errors: 2, online: true }, "gripper-fault"],
  ];
  for (const [name, fault, code] of held) {
    it(`${name}: a ramp to a hold`, async (t) => {
      const { rig, daemon } = await moving(t);
      rig.inject(fault);
      const feeding = (async () => {
        for (let at = 0; daemon.report?.mode === "policy"; at = daemon.report.at) {
          await daemon.until((report) => report.mode !== "policy" || report.at > at + 0.15);
          await daemon.chunk(0.2);
        }
      })();
      const report = await daemon.until(({ mode }) => mode !== "policy");
      assert.equal(report.stops[0]?.code, code);
      assert.equal(afterStop(rig.arrivals).length, 0);
      await feeding;
    });
  }
});
