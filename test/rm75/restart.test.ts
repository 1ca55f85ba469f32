import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Arm } from "../../daemon/ports/arm.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import { type AllowedArms, RM75_B } from "../../drivers/rm75/arm-description.js";
import { createRm75Arm } from "../../drivers/rm75/rm75-arm.js";
import { RawClient } from "../virtual-lab/controller-client.js";
import { connected, Recorder, type Rig, tcpRig, until } from "./rig.js";

const TWO_HOURS = 7200;

/** A connected arm whose controller has run for two hours. */
async function longRunning(t: TestContext): Promise<{ rig: Rig; arm: Arm; recorder: Recorder }> {
  const rig = await tcpRig();
  rig.controller.inject({ kind: "running-time", seconds: TWO_HOURS });
  const { arm, recorder } = await connected(rig);
  t.after(async () => {
    await arm.close();
    await rig.close();
  });
  return { rig, arm, recorder };
}

/** Connects again as soon as it is possible. */
async function again(arm: Arm): Promise<Recorder> {
  for (;;) {
    const recorder = new Recorder();
    try {
      await arm.connect(recorder);
      return recorder;
    } catch (error) {
      assert.ok(error instanceof DriverError && error.code === "connect-refused", String(error));
    }
  }
}

describe("AR-17: a controller that restarts", () => {
  it("is lost; the next link tells of it for as long as it lasts, the one after that no more", async (t) => {
    const { rig, arm, recorder } = await longRunning(t);
    assert.equal(recorder.last.link.restarted, null);
    const pendant = await RawClient.open(rig.controller);
    await pendant.ask({ command: "set_change_tool_frame", tool_name: "gripper" });
    await until(() => recorder.last.link.tool !== null, "the other tool frame");
    pendant.close();
    rig.controller.inject({ kind: "restart", seconds: 0.1 });
    await until(() => recorder.lost.length > 0, "the loss");
    const second = await again(arm);
    assert.match(second.states[0]?.link.restarted ?? "", /has run for 0 s, and had for 720\d s before/);
    assert.equal(second.states[0]?.link.tool, null, "it boots with no load, and the tool is read again");
    const since = second.last.receivedAt;
    await until(() => second.last.receivedAt > since + 1.3, "the next reading");
    assert.notEqual(second.last.link.restarted, null);
    rig.controller.inject({ kind: "close-connections", reset: true });
    await until(() => second.lost.length > 0, "the loss");
    assert.equal((await again(arm)).last.link.restarted, null);
  });

  it("under an open link, which is lost then, and told of by the next", async (t) => {
    const { rig, arm, recorder } = await longRunning(t);
    rig.controller.inject({ kind: "running-time", seconds: 5 });
    await until(() => recorder.lost.length > 0, "the loss");
    assert.deepEqual(
      recorder.lost.map(({ code }) => code),
      ["link-lost"],
    );
    assert.match(recorder.lost[0]?.message ?? "", /controller has restarted/);
    assert.match((await again(arm)).last.link.restarted ?? "", /has restarted/);
  });

  it("is not one whose link is reset", async (t) => {
    const { rig, arm, recorder } = await longRunning(t);
    rig.controller.inject({ kind: "close-connections", reset: true });
    await until(() => recorder.lost.length > 0, "the loss");
    assert.equal((await again(arm)).last.link.restarted, null);
  });
});

describe("AR-18: a list of arms and firmware that may be used", () => {
  async function connect(t: TestContext, allowed: Partial<AllowedArms>): Promise<void> {
    const rig = await tcpRig();
    t.after(() => rig.close());
    const expected = { ...RM75_B, allowed: { ...RM75_B.allowed, ...allowed } };
    const arm = createRm75Arm({ ...rig.options, expected });
    await arm.connect(new Recorder());
    await arm.close();
  }

  it("refuses another firmware and another controller, and names both", async (t) => {
    const refusal = (words: RegExp) => (error: unknown) =>
      error instanceof DriverError && error.code === "wrong-arm" && words.test(error.message);
    await assert.rejects(
      connect(t, { firmware: ["1.6.4", "1.7.0"] }),
      refusal(/firmware is 1\.7\.1, not 1\.6\.4 or 1\.7\.0 \(arm\.allowed/),
    );
    await assert.rejects(
      connect(t, { controllers: ["02:00:00:00:00:19"] }),
      refusal(/controller is 02:00:00:00:00:18, not 02:00:00:00:00:19/),
    );
  });

  it("takes those that are on it", async (t) => {
    await connect(t, { firmware: ["1.6.4", "1.7.1"], controllers: ["02:00:00:00:00:18"] });
  });
});
