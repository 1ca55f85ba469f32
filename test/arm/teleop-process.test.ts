import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { mapJoints } from "../../daemon/types/units.js";
import { DEGREE } from "../teleop/leader.js";
import { type DaemonEnd, isMoving, Rig } from "./rig.js";
import { ScriptedLeader } from "./scripted-leader.js";

describe("arm process with a leader arm", () => {
  let rig: Rig;
  let daemon: DaemonEnd;
  let leader: ScriptedLeader;

  before(async () => {
    ({ rig, daemon } = await Rig.ready());
    const { measured } = daemon.report ?? {};
    assert.ok(measured != null);
    leader = new ScriptedLeader(rig.puppetPath, measured);
    await daemon.until(({ teleop }) => teleop?.phase === "sign-test");
    await leader.turnEachJoint();
    await daemon.until(({ teleop }) => teleop?.phase === "ready");
  });
  after(async () => {
    leader.close();
    await rig.close();
  });

  /** Swings joints 1 and 5 of the leader by 6 degrees, once in 4 s. */
  function swing(): void {
    const from = hostClock.now();
    const pose = daemon.report?.commanded ?? assert.fail();
    leader.follow((at) =>
      mapJoints(pose, (angle, joint) => {
        return joint % 4 === 0 ? angle + 6 * DEGREE * Math.sin((Math.PI / 2) * (at - from)) : angle;
      }),
    );
  }

  it("follows it once its button is pressed, with nobody in control, and tells its readings", async () => {
    leader.button = true;
    await daemon.until(({ mode }) => mode === "teleop");
    swing();
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
    leader.silent = true;
    await daemon.until(({ mode, stops }) => mode === "hold" && stops[0]?.code === "leader-lost");
    assert.ok(rig.arrivals.every(({ command }) => command !== "set_arm_stop"));
    leader.silent = false;
    leader.button = false;
    leader.rest();
    leader.tell({ kind: "lost", code: "unplugged", detail: "the USB adapter is gone" });
    await daemon.until(({ teleop }) => teleop?.phase === "no-leader");
  });

  it("cuts off what sends no messages of ours", async () => {
    const other = new ScriptedLeader(rig.puppetPath, daemon.report?.measured ?? assert.fail());
    other.close();
    leader.write(
      '{"kind":"sample","sample":{"seq":1,"at":1,"angles":[1e999,0,0,0,0,0,0],"gripper":0,"button":true}}\n',
    );
    await daemon.until(({ teleop }) => /no message of ours/.test(teleop?.detail ?? ""));
    assert.equal(daemon.report?.mode, "hold");
  });
});
