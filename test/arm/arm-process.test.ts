import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jointAt } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { afterStop, type DaemonEnd, isMoving, type Process, Rig } from "./rig.js";

/** The real processes, ready; closed with the test. */
async function ready(
  t: TestContext,
  before: (rig: Rig) => void = () => undefined,
): Promise<{ rig: Rig; arm: Process; guardian: Process; daemon: DaemonEnd }> {
  const parts = await Rig.ready(null, before);
  t.after(() => parts.rig.close());
  return parts;
}

/** Every frame of a stream lies within the policy's limits, as differences of what was sent. */
function assertWithinLimits(frames: readonly (readonly number[])[]): void {
  const period = 0.01;
  // A frame is rounded to 0.001 degrees, which three frames can show as this much acceleration.
  const rounding = (0.002 * Math.PI) / 180 / period ** 2;
  for (let joint = 0; joint < 7; joint++) {
    const q = frames.map((frame) => frame[joint] ?? Number.NaN);
    const v = q.slice(1).map((angle, index) => (angle - (q[index] ?? 0)) / period);
    const a = v.slice(1).map((speed, index) => (speed - (v[index] ?? 0)) / period);
    assert.ok(v.every((speed) => Math.abs(speed) <= jointAt(LIMITS.policy.velocity, joint) + rounding * period));
    assert.ok(a.every((rate) => Math.abs(rate) <= jointAt(LIMITS.policy.acceleration, joint) + rounding));
  }
}

describe("arm process", () => {
  it("says hello, drops chunks of an old epoch, follows others, and breaks none of the vendor's rules of motion", async (t) => {
    const { rig, daemon } = await ready(t);
    daemon.beat();
    await daemon.waitForEngaged();
    const { epoch } = await daemon.request({ kind: "follow-policy" });
    await daemon.until((report) => report.mode === "policy" && report.epoch === epoch);
    const old = await daemon.chunk(0.2, epoch - 1);
    assert.match(old.reason, /^old-epoch/);
    assert.equal(isMoving(rig.arrivals), false);
    await daemon.request({ kind: "hold" });
    await daemon.follow(rig);
    const hello = daemon.messages.findLast((message) => message.kind === "hello");
    assert.ok(hello?.kind === "hello");
    assert.match(hello.arm, /^RM75-B, generation 3/);
    assert.match(hello.scheduling, /^(SCHED_FIFO 50|ordinary)/);
    assert.equal(hello.periodMs, 10);
    assert.ok(rig.arrivals.length > 50);
    // The period of the stream is the bench's to measure, with nothing else running; these two do not depend on it.
    assert.equal(rig.violations.step + rig.violations.start, 0);
    assertWithinLimits(rig.arrivals.flatMap(({ q }) => (q === null ? [] : [q])));
    assert.deepEqual(daemon.report?.stops, []);
  });

  it("stops at once when told to, and writes nothing after", async (t) => {
    const { rig, daemon } = await ready(t);
    await daemon.move(rig);
    daemon.tell({ kind: "stop", reason: "test", by: "test" });
    const report = await daemon.until(({ mode }) => mode === "fault");
    assert.equal(report.stops[0]?.code, "operator-stop");
    await daemon.until(({ at }) => at > report.at + 0.3);
    assert.ok(afterStop(rig.arrivals).length > 0);
    assert.ok(afterStop(rig.arrivals).every((arrival) => arrival.command === "set_arm_stop"));
  });

  it("handles a stop before everything that arrived with it", async (t) => {
    const { rig, daemon } = await ready(t);
    daemon.beat();
    const request = (id: number, kind: string): string =>
      `${JSON.stringify({ kind: "request", id, lease: 1, request: { kind } })}\n`;
    const stop = `${JSON.stringify({ kind: "stop", reason: "test", by: "test" })}\n`;
    daemon.write(request(91, "engage") + request(92, "home") + stop);
    const report = await daemon.until(({ mode }) => mode === "fault");
    await daemon.until(({ at }) => at > report.at + 0.1);
    assert.ok(rig.arrivals.every((arrival) => arrival.command === "set_arm_stop"));
  });

  it("ramps down to a hold when the daemon dies, and takes the next daemon", async (t) => {
    const { rig, daemon } = await ready(t);
    await daemon.move(rig);
    daemon.close();
    const next = await rig.daemon();
    const report = await next.until(({ mode, source }) => mode === "hold" && source === "hold");
    assert.equal(report.stops[0]?.code, "daemon-lost");
    assert.equal(afterStop(rig.arrivals).length, 0, "no stop frame: it came to rest by itself");
    await next.until(({ at }) => at > report.at + 0.1);
    assert.equal(isMoving(rig.arrivals), false);
  });

  it("ramps down to a hold when the operator's beats end", async (t) => {
    const { rig, daemon } = await ready(t);
    await daemon.move(rig);
    daemon.stopBeating();
    const feeding = (async () => {
      for (let at = 0; daemon.report?.mode === "policy"; at = daemon.report.at) {
        await daemon.until((report) => report.mode !== "policy" || report.at > at + 0.15);
        await daemon.chunk(0.2);
      }
    })();
    const report = await daemon.until(({ mode, source }) => mode === "hold" && source === "hold");
    assert.equal(report.stops[0]?.code, "operator-lost");
    await feeding;
  });

  it("latches a fault of the arm, and leaves it by an acknowledgement once the arm is well", async (t) => {
    const { rig, daemon } = await ready(t);
    await daemon.move(rig);
    rig.inject({ kind: "system-error", code: 0x100d });
    const report = await daemon.until(({ mode }) => mode === "fault");
    assert.equal(report.stops[0]?.code, "arm-fault");
    assert.match(report.stops[0]?.detail ?? "", /system error 0x100D: collision/);
    const result = await daemon.request({ kind: "acknowledge", reason: "test" });
    assert.deepEqual([result.ok, result.reason], [true, ""]);
    await daemon.until(({ mode }) => mode === "standby");
    await daemon.waitForEngaged();
  });

  it("does not clear an error of the arm for whoever may not acknowledge it", async (t) => {
    const { rig, daemon } = await ready(t);
    daemon.beat(1, "supervisor");
    await daemon.until(({ mode }) => mode === "standby");
    rig.inject({ kind: "system-error", code: 0x1005 });
    const { at } = await daemon.until(({ mode }) => mode === "fault");
    const refused = await daemon.request({ kind: "acknowledge", reason: "test" });
    assert.match(refused.reason, /your role does not allow it: it takes a maintainer/);
    // Whatever is cleared is waited for, until it has been away for a second.
    assert.ok((daemon.report?.at ?? Infinity) - at < 0.9);
    daemon.beat(2, "maintainer");
    const result = await daemon.request({ kind: "acknowledge", reason: "test" }, 2);
    assert.deepEqual([result.ok, result.reason], [true, ""]);
  });

  it("engages only while the controller counts with the load that the configuration names (ML-18)", async (t) => {
    const { rig, daemon } = await ready(t);
    daemon.beat();
    rig.inject({ kind: "payload", gram: 620 });
    await daemon.until(({ notices }) => notices.some(({ code, bars }) => code === "tool-wrong" && bars));
    const refused = await daemon.request({ kind: "engage" });
    assert.match(refused.reason, /a payload of 620 g at its flange \(its tool frame Arm_Tip\), not 0 g\. Select/);
    rig.inject({ kind: "clear" });
    await daemon.until(({ notices }) => notices.every(({ code }) => code !== "tool-wrong"));
    await daemon.waitForEngaged();
  });

  it("loses a controller that restarts, and latches when it is back (AR-17)", async (t) => {
    const { rig, daemon } = await ready(t, (rig) => rig.inject({ kind: "running-time", seconds: 7200 }));
    await daemon.move(rig);
    rig.inject({ kind: "restart", seconds: 0.3 });
    const gone = await daemon.until(({ mode }) => mode === "disconnected");
    const { stops } = await daemon.until(({ mode }) => mode === "fault");
    assert.equal(stops[0]?.code, "controller-restarted");
    assert.match(stops[0]?.detail ?? "", /had for 720\d s before/);
    await daemon.until(({ mode, measuredAge }) => mode === "fault" && measuredAge !== null);
    assert.deepEqual(
      rig.arrivals.filter(({ at, command }) => at > gone.at && command === "movej_canfd"),
      [],
    );
    const { ok, reason } = await daemon.request({ kind: "acknowledge", reason: "it stands well" });
    assert.equal(ok, true, reason);
    assert.equal(daemon.report?.mode, "standby");
  });

  it("holds when the arm's state stops, resets the link, and comes back standing by", async (t) => {
    const { rig, daemon } = await ready(t);
    await daemon.move(rig);
    rig.inject({ kind: "drop-udp", count: null });
    const report = await daemon.until(({ mode }) => mode === "disconnected");
    assert.ok(report.stops.some(({ code }) => code === "state-stale" || code === "link-lost"));
    rig.inject({ kind: "clear" });
    await daemon.until(({ mode }) => mode === "standby");
  });

  it("refuses a second daemon, answers what is no message, and goes on", async (t) => {
    const { rig, daemon } = await ready(t);
    const second = await rig.connect();
    const refusal = await second.waitFor(() => second.messages[0] ?? null);
    assert.match(JSON.stringify(refusal), /another daemon/);
    second.close();
    daemon.write('{"kind":"chunk","chunk":{"id":7,"epoch":null}}\nnot json\n{"kind":"nonsense"}\n\n');
    const result = await daemon.waitFor(() => {
      const found = daemon.messages.find((message) => message.kind === "chunk-result");
      return found?.kind === "chunk-result" ? found : null;
    });
    assert.deepEqual([result.id, result.accepted], [7, false]);
    assert.match(result.reason, /^malformed: chunk/);
    daemon.beat();
    await daemon.waitForEngaged();
  });

  it("ends in order: comes to rest first, and the guardian has nothing to do", async (t) => {
    const { rig, arm, guardian, daemon } = await ready(t);
    await daemon.move(rig);
    arm.child.kill("SIGTERM");
    assert.deepEqual(await arm.exit, { code: 0, signal: null });
    assert.equal(afterStop(rig.arrivals).length, 0);
    assert.equal(isMoving(rig.arrivals), false);
    guardian.child.kill("SIGTERM");
    assert.deepEqual(await guardian.exit, { code: 0, signal: null });
    assert.match(guardian.output(), /ended in order/);
  });

  it("stops the arm before it dies of a fault of its own", async (t) => {
    const rig = await Rig.open();
    t.after(() => rig.close());
    const script = projectPath("dist", "test", "arm", "failing-arm-process.js");
    const child = rig.run(process.execPath, [script, rig.socketPath]);
    const daemon = await rig.daemon();
    daemon.beat();
    await daemon.waitFor(() => (daemon.messages.some((message) => message.kind === "hello") ? true : null));
    assert.equal((await child.exit).code, 70);
    assert.match(child.output(), /"wire":"quick"[\s\S]*a fault of the program/);
  });

  it("refuses a socket that is taken and a configuration that is wrong, and ends with its parent", async (t) => {
    const { rig, arm, guardian } = await ready(t);
    const second = rig.start("main");
    assert.equal((await second.exit).code, 69);
    assert.match(second.output(), /another process listens/);
    writeFileSync(rig.configFile, "arm: 3\n");
    for (const executable of ["main", "guardian"] as const) {
      const wrong = rig.start(executable);
      assert.equal((await wrong.exit).code, 78);
      assert.match(wrong.output(), /kinevla.yaml:1: arm/);
    }
    for (const { child, exit, output } of [arm, guardian]) {
      child.stdin?.end();
      assert.equal((await exit).code, 0, output());
    }
  });
});

describe("guardian", () => {
  it("stops the arm over its own connection when the arm process is killed", async (t) => {
    const { rig, arm, daemon } = await ready(t);
    await daemon.move(rig);
    const streamer = rig.arrivals.at(-1)?.client;
    arm.child.kill("SIGKILL");
    await rig.untilArrived((arrivals) => afterStop(arrivals).length >= 3);
    const stops = afterStop(rig.arrivals);
    assert.ok(stops.every((arrival) => arrival.command === "set_arm_stop" && arrival.client !== streamer));
  });

  it("stops the arm when the arm process hangs; woken up again, that process latches", async (t) => {
    const { rig, arm, daemon } = await ready(t);
    await daemon.move(rig);
    arm.child.kill("SIGSTOP");
    await rig.untilArrived((arrivals) => afterStop(arrivals).length >= 3);
    const count = rig.arrivals.length;
    arm.child.kill("SIGCONT");
    const report = await daemon.until(({ mode }) => mode === "fault");
    assert.ok(["stalled", "guardian-fired"].includes(report.stops.at(-1)?.code ?? ""));
    await daemon.until(({ at }) => at > report.at + 0.2);
    const later = rig.arrivals.slice(count);
    assert.ok(
      later.every((arrival) => arrival.command === "set_arm_stop"),
      JSON.stringify(later),
    );
  });

  it("is required: without it motion ends, and nothing engages", async (t) => {
    const { rig, guardian, daemon } = await ready(t);
    await daemon.move(rig);
    guardian.child.kill("SIGKILL");
    const report = await daemon.until(({ mode, source }) => mode === "hold" && source === "hold");
    assert.equal(report.stops[0]?.code, "guardian-lost");
    const refused = await daemon.request({ kind: "follow-policy" });
    assert.match(refused.reason, /guardian/);
    rig.start("guardian");
    for (let ok = false; !ok; ) {
      ({ ok } = await daemon.request({ kind: "follow-policy" }));
      assert.notEqual(daemon.report?.mode, "fault", JSON.stringify(daemon.report?.stops));
    }
  });

  it("does not beat while it could not stop the arm", async (t) => {
    const rig = await Rig.open();
    t.after(() => rig.close());
    rig.inject({ kind: "refuse-connect" });
    rig.start("guardian");
    rig.start("main");
    const daemon = await rig.daemon();
    daemon.beat();
    const report = await daemon.until(({ mode }) => mode === "disconnected");
    await daemon.until(({ at }) => at > report.at + 0.3);
    rig.inject({ kind: "clear" });
    await daemon.waitForEngaged();
  });
});
