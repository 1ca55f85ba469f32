import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { StopReport } from "../../daemon/types/arm-link.js";
import type { ImpairmentRequest } from "../../drivers/virtual-lab/impair/impairment.js";
import { type DaemonEnd, Rig } from "./rig.js";

/** The real processes with a moving arm; closed with the test. */
async function moving(t: TestContext): Promise<{ rig: Rig; daemon: DaemonEnd }> {
  const { rig, daemon } = await Rig.ready();
  t.after(() => rig.close());
  await daemon.move(rig);
  return { rig, daemon };
}

function bytes(what: Buffer, repeat = 1): ImpairmentRequest {
  return { target: "tcp-bytes", base64: what.toString("base64"), repeat };
}

function says(message: object): ImpairmentRequest {
  return bytes(Buffer.from(`${JSON.stringify(message)}\r\n`));
}

const GARBAGE = Buffer.from("\xff\xfe\x00{]\r\n", "latin1");

/** The newest stop once there is one. */
async function stopOf(daemon: DaemonEnd): Promise<StopReport> {
  const { stops } = await daemon.until((report) => report.stops.length > 0);
  assert.ok(stops[0] !== undefined);
  return stops[0];
}

describe("a line to the arm that says what it must not: ramp, slow stop, latched, nothing after", () => {
  const cases: readonly (readonly [name: string, code: string, impairment: ImpairmentRequest])[] = [
    ["a line of 1 MiB without an end (24)", "replies-garbled", bytes(Buffer.alloc(1024, "x"), 1024)],
    ["five lines that are no messages (25)", "replies-garbled", bytes(GARBAGE, 5)],
    ["a setpoint that is refused (26)", "setpoint-refused", says({ command: "movej_canfd", receive_state: false })],
    ["an answer that nobody waits for (28)", "reply-unasked", says({ command: "get_DH_data" })],
  ];
  for (const [name, code, impairment] of cases) {
    it(name, async (t) => {
      const { rig, daemon } = await moving(t);
      rig.impair(impairment);
      const stop = await stopOf(daemon);
      assert.equal(stop.code, code);
      await daemon.until(({ mode }) => mode === "fault");
      await rig.untilArrived((arrivals) => arrivals.some(({ command }) => command === "set_arm_slow_stop"));
      const first = rig.arrivals.findIndex(({ command }) => command === "set_arm_slow_stop");
      assert.deepEqual(
        rig.arrivals.slice(first).filter(({ command }) => command === "movej_canfd"),
        [],
      );
    });
  }

  it("a line of 1 MiB, acknowledged: the link is another by then, and whoever engages at once is not stopped again (24)", async (t) => {
    const { rig, daemon } = await moving(t);
    rig.impair(bytes(Buffer.alloc(1024, "x"), 1024));
    await daemon.until(({ mode }) => mode === "fault");
    const deadline = Date.now() + 20_000;
    while (!(await daemon.request({ kind: "acknowledge", reason: "looked" })).ok) {
      assert.ok(Date.now() < deadline, "it cannot be acknowledged");
    }
    await daemon.waitForEngaged();
    const since = daemon.report?.at ?? 0;
    // A question whose answer was lost would end the link after a second.
    const { stops } = await daemon.until(({ at }) => at > since + 1.5);
    assert.deepEqual(stops, []);
    const modes = daemon.messages.flatMap((message) =>
      message.kind === "state" && message.state.at > since ? message.state.mode : [],
    );
    assert.deepEqual([...new Set(modes)], ["hold"]);
  });

  it("one line that is no message disturbs nothing (25)", async (t) => {
    const { rig, daemon } = await moving(t);
    rig.impair(bytes(GARBAGE));
    const since = daemon.report?.at ?? 0;
    const { stops } = await daemon.until(({ at }) => at > since + 0.2);
    assert.deepEqual(stops, []);
  });
});

describe("setpoints that wait on their way: the link is reset, and at most ten of them come late", () => {
  it("an arm that reads nothing for half a second (19)", async (t) => {
    const { rig, daemon } = await moving(t);
    rig.inject({ kind: "stall-reading", seconds: 0.5 });
    const before = rig.arrivals.length;
    assert.equal((await stopOf(daemon)).code, "link-stalled");
    await daemon.until(({ mode }) => mode === "disconnected");
    await daemon.until(({ mode }) => mode === "standby");
    const late = rig.arrivals.slice(before).filter(({ command }) => command === "movej_canfd").length;
    assert.ok(late > 0, "the stall came before anything was sent");
    // What was read before the stall, but told after it, is among them.
    assert.ok(late <= 10 + 3, `${late} setpoints came late`);
  });

  it("a line that takes 300 ms (20), and none that takes 50", async (t) => {
    const { rig, daemon } = await moving(t);
    rig.impair({ target: "tcp", latency: 0.05 });
    for (let taken = 0; taken < 2; taken += 1) {
      await daemon.chunk(0.25);
      const since = daemon.report?.at ?? 0;
      await daemon.until(({ at }) => at > since + 0.15);
    }
    assert.deepEqual(daemon.report?.stops, []);
    rig.impair({ target: "tcp", latency: 0.3 });
    assert.equal((await stopOf(daemon)).code, "link-stalled");
  });
});
