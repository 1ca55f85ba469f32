import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { goHome } from "../../daemon/cli/go-home.js";
import { need } from "../../daemon/cli/operator-link.js";
import { untilReady } from "../../daemon/cli/until-ready.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { descendants, isAlive, largestDifference, type Rig, startRig, watchFor } from "./rig.js";

describe("an instruction sent over WebSocket moves the arm", () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.close());

  it("tells what it understood before the first setpoint that it leads to", async () => {
    const { client, lab } = rig;
    await goHome(client, () => undefined);
    await lab.reset(11, "nominal", 0);
    await rig.next("state", ({ mode }) => mode === "hold");
    const start = (await rig.next("state")).commanded ?? [];
    let movedAt: number | null = null;
    let understoodAt: number | null = null;
    const unlisten = client.onMessage((message) => {
      if (
        message.type === "state" &&
        movedAt === null &&
        largestDifference(message.commanded ?? start, start) > 0.001
      ) {
        movedAt = message.at;
      } else if (message.type === "reasoning") {
        understoodAt ??= hostClock.now();
        assert.match(message.coarse, /bread/);
        assert.match(message.fine, /Target Object - The bread/);
      }
    });
    await rig.startMoving();
    await rig.next("state", () => movedAt !== null);
    unlisten();
    assert.ok(understoodAt !== null && movedAt !== null && understoodAt < movedAt, `${understoodAt} before ${movedAt}`);
  });

  it("streams nothing after a stop, and nothing moves until it is acknowledged", async () => {
    const { client } = rig;
    await rig.lab.clearArrivals();
    const stopped = rig.next("state", ({ mode }) => mode === "fault");
    await need(client.stop("scenario"), "accepted");
    const { commanded } = await stopped;
    const refused = await client.requestInControl({ type: "home" });
    assert.equal(refused.type, "refused");
    await watchFor(300);
    const records = await rig.arrivals();
    const stop = records.findIndex(({ command }) => command === "set_arm_stop");
    assert.ok(stop >= 0, "no stop reached the controller");
    assert.deepEqual(
      records.slice(stop).filter(({ command }) => command === "movej_canfd"),
      [],
    );
    const later = await rig.next("state");
    // The controller brakes on a ramp of its own, a few degrees at most.
    assert.ok(largestDifference(later.measured ?? [], commanded ?? []) < 0.1);
    await need(client.requestInControl({ type: "acknowledge", reason: "scenario" }), "accepted");
    await rig.next("state", ({ mode }) => mode === "standby" || mode === "hold");
  });

  it("holds when the policy process dies, says so, and follows again when it is back", async () => {
    const daemon = rig.system.children.find(({ name }) => name === "daemon");
    await rig.startMoving();
    const [policy] = descendants(daemon?.pid ?? 0, "models/policy/process.js");
    assert.ok(policy !== undefined);
    const faulty = rig.next("progress", ({ detail, phase }) => detail !== "" || phase === "failed");
    process.kill(policy, "SIGKILL");
    await faulty;
    await rig.next("state", ({ pendingTargets, source }) => pendingTargets === 0 || source !== "policy");
    await untilReady(rig.client, () => undefined);
    await rig.startMoving();
  });

  it("holds when a camera delivers nothing any more, names it, and goes on when it is back", async () => {
    const daemon = rig.system.children.find(({ name }) => name === "daemon");
    await rig.startMoving();
    const [camera] = descendants(daemon?.pid ?? 0, "drivers/camera/process.js");
    assert.ok(camera !== undefined);
    const named = rig.next("faults", ({ faults }) => faults.some(({ code }) => code === "camera-stale"));
    const still = rig.next("state", ({ pendingTargets }) => pendingTargets === 0);
    process.kill(camera, "SIGSTOP");
    await named;
    await still;
    process.kill(camera, "SIGCONT");
    await rig.next("faults", ({ faults }) => faults.every(({ part }) => !part.includes("camera")));
    await untilReady(rig.client, () => undefined);
    await rig.startMoving();
  });

  it("holds when the operator in control is gone", async () => {
    const held = rig.next("state", ({ mode }) => mode !== "policy");
    await need(rig.client.releaseControl(), "accepted");
    await held;
    await need(rig.client.takeControl(), "control-granted");
  });
});

describe("what may crash, crashes alone", () => {
  it("the arm ramps to a stop when the daemon dies", async () => {
    const rig = await startRig();
    try {
      await rig.startMoving();
      const daemon = rig.system.children.find(({ name }) => name === "daemon");
      await rig.lab.clearArrivals();
      daemon?.kill("SIGKILL");
      await daemon?.ended;
      await watchFor(1500);
      const frames = (await rig.arrivals()).filter(({ command }) => command === "movej_canfd");
      const tail = frames.slice(-20).map(({ q }) => q ?? []);
      assert.ok(tail.length > 0);
      assert.ok(largestDifference(tail.at(-1) ?? [], tail[0] ?? []) < 1e-4, "it still moves");
    } finally {
      await rig.close();
    }
  });

  it("the guardian stops the arm when the arm process dies, and no process is left at the end", async () => {
    const rig = await startRig();
    const all = rig.system.children.flatMap(({ pid }) => [pid, ...descendants(pid)]);
    try {
      await rig.startMoving();
      const arm = rig.system.children.find(({ name }) => name === "arm");
      await rig.lab.clearArrivals();
      const killedAt = hostClock.now();
      arm?.kill("SIGKILL");
      await arm?.ended;
      await watchFor(300);
      const records = await rig.arrivals();
      const stop = records.find(({ command }) => command === "set_arm_stop");
      assert.ok(stop !== undefined, "no stop reached the controller");
      // HO-03 asks for 20 ms; figures are the bench's matter, this only tells a stop from none.
      assert.ok(stop.at - killedAt < 0.5, `${stop.at - killedAt} s`);
    } finally {
      await rig.close();
    }
    assert.deepEqual(all.filter(isAlive), []);
  });
});
