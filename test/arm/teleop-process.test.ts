import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type DaemonEnd, isMoving, Rig } from "./rig.js";
import { ScriptedLeader } from "./scripted-leader.js";

describe("arm process with a leader arm", () => {
  let rig: Rig;
  let daemon: DaemonEnd;
  let leader: ScriptedLeader;

  before(async () => {
    ({ rig, daemon } = await Rig.ready());
    leader = new ScriptedLeader(rig.puppetPath, daemon.report?.measured ?? assert.fail("no pose"));
    await daemon.until(({ teleop }) => teleop?.phase === "sign-test");
    leader.does({ kind: "turn-each-joint" });
    await daemon.until(({ teleop }) => teleop?.phase === "ready");
  });
  after(async () => {
    leader.close();
    await rig.close();
  });

  it("follows it once its button is pressed, with nobody in control, and tells its readings", async () => {
    leader.does({ kind: "button", pressed: true });
    await daemon.until(({ mode }) => mode === "teleop");
    leader.does({ kind: "swing" });
    await rig.untilArrived((arrivals) => arrivals.length > 200 && isMoving(arrivals));
    assert.ok(daemon.messages.some((message) => message.kind === "leader-samples" && message.samples.length > 0));
    assert.deepEqual(daemon.report?.stops, []);
  });

  it("goes on while the daemon dies, and takes its next one", async (context) => {
    daemon.close();
    const count = rig.arrivals.length;
    await rig.untilArrived((arrivals) => arrivals.length > count + 150 && isMoving(arrivals));
    assert.ok(rig.arrivals.every(({ command }) => command !== "set_arm_stop"));
    daemon = await rig.daemon();
    const { teleop } = await daemon.until(({ mode, teleop }) => mode === "teleop" && teleop?.latencyP99Ms !== null);
    context.diagnostic(`reading to wire, 99 of 100: ${teleop?.latencyP99Ms?.toFixed(1)} ms`);
  });

  it("case 74: ramps to a hold when its readings end, and when it is unplugged", async () => {
    leader.does({ kind: "silence", on: true });
    await daemon.until(({ mode, stops }) => mode === "hold" && stops[0]?.code === "leader-lost");
    assert.ok(rig.arrivals.every(({ command }) => command !== "set_arm_stop"));
    leader.does({ kind: "write", text: '{"kind":"lost","code":"unplugged","detail":"the USB adapter is gone"}\n' });
    await daemon.until(({ teleop }) => /USB adapter is gone/.test(teleop?.detail ?? ""));
  });

  it("cuts off what sends no messages of ours", async () => {
    const angles = "[1e999,0,0,0,0,0,0]";
    const sample = `{"seq":1,"at":1,"angles":${angles},"gripper":0,"button":true}`;
    leader.does({ kind: "write", text: `{"kind":"sample","sample":${sample}}\n` });
    await daemon.until(({ teleop }) => /the puppet process sent a/.test(teleop?.detail ?? ""));
    assert.equal(daemon.report?.mode, "hold");
  });
});
