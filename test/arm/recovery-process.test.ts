import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ArmReport } from "../../daemon/types/arm-link.js";
import { jointPosition } from "../../daemon/types/units.js";
import { type DaemonEnd, type Process, Rig } from "./rig.js";

const DEGREE = Math.PI / 180;
/** J7 six degrees beyond its soft limit, far inside what the controller itself allows. */
const OUTSIDE = jointPosition([0.1, -0.2, 0.05, 1.2, -0.1, 1.1, 181 * DEGREE]);
/** Far more often than motion under somebody's hand asks for: this machine may be busy. */
const BEAT_MS = 20;
/** What ends a recovery where the machine was held up; it is asked for again then. */
const HELD_UP = ["stalled", "operator-lost", "state-stale", "guardian-lost", "guardian-fired", "off-schedule"];

/** The real processes, and an arm that somebody stopped where it stands outside its limits. */
async function stopped(
  t: TestContext,
): Promise<{ readonly rig: Rig; readonly daemon: DaemonEnd; readonly guardian: Process }> {
  const { rig, daemon, guardian } = await Rig.ready(null, () => undefined, OUTSIDE);
  t.after(() => rig.close());
  daemon.beat(1, "maintainer", false, BEAT_MS);
  daemon.tell({ kind: "stop", reason: "to be brought back", by: "test" });
  await daemon.until(({ mode }) => mode === "fault");
  return { rig, daemon, guardian };
}

/** Presses hold-to-run anew and has the arm brought back until something holds. */
async function bringBack(daemon: DaemonEnd, holds: (report: ArmReport) => boolean): Promise<ArmReport> {
  for (let tries = 0; ; tries++) {
    daemon.beat(1, "maintainer", false, BEAT_MS);
    daemon.beat(1, "maintainer", true, BEAT_MS);
    const { ok, reason } = await daemon.request({ kind: "recover" });
    const at = daemon.report?.at ?? 0;
    if (reason.includes("nothing to bring back") && daemon.report !== null) {
      // It was held up within its last half degree.
      return daemon.report;
    }
    if (!ok) {
      assert.ok(tries < 100 && /coming to rest|guardian|fresh/.test(reason), reason);
      await daemon.until((report) => report.at > at + 0.1);
      continue;
    }
    const report = await daemon.until((later) => later.at > at && (holds(later) || later.mode === "fault"));
    if (holds(report)) {
      return report;
    }
    const code = report.stops[0]?.code ?? "";
    assert.ok(tries < 100 && HELD_UP.includes(code), code);
  }
}

function j7({ measured }: ArmReport): number {
  return (measured?.[6] ?? Number.NaN) / DEGREE;
}

describe("ML-02: arm process and controller, an arm outside its limits", () => {
  it("is brought back as long as hold-to-run is pressed, then acknowledged, then used", async (t) => {
    const { rig, daemon } = await stopped(t);
    assert.match((await daemon.request({ kind: "engage" })).reason, /mode is fault/);
    await bringBack(daemon, (report) => report.mode === "recovery" && j7(report) < 180.5);
    daemon.beat(1, "maintainer", false, BEAT_MS);
    const released = await daemon.until(({ mode }) => mode === "fault");
    assert.equal(released.stops[0]?.code, "deadman-released");
    const still = await daemon.until(({ at }) => at > released.at + 0.4);
    assert.ok(j7(still) > 175.5 && Math.abs(j7(still) - j7(released)) < 0.5, `${j7(released)}, ${j7(still)}`);
    assert.equal(rig.arrivals.at(-1)?.command, "set_arm_slow_stop");
    const back = await bringBack(daemon, ({ stops }) => stops[0]?.code === "recovered");
    assert.equal(back.mode, "fault");
    assert.ok(j7(back) > 174.45 && j7(back) < (back.stops[0]?.code === "recovered" ? 174.55 : 175), `${j7(back)}`);
    for (const [index, { q }] of rig.arrivals.entries()) {
      const before = rig.arrivals[index - 1]?.q;
      // A frame is rounded to 0.001 degrees; a stop lies between two streams.
      for (const [joint, angle] of q == null || before == null ? [] : q.entries()) {
        assert.ok(Math.abs(angle) <= Math.abs(before?.[joint] ?? 0) + 0.002 * DEGREE, `J${joint + 1} outward`);
        assert.ok(Math.abs(angle - (before?.[joint] ?? 0)) <= 0.102 * DEGREE, `J${joint + 1} faster than 10 deg/s`);
      }
    }
    assert.equal(rig.violations.step + rig.violations.start + rig.violations.speed, 0);
    let acknowledged = await daemon.request({ kind: "acknowledge", reason: "it stands well" });
    for (let tries = 0; tries < 50 && !acknowledged.ok; tries++) {
      const at = daemon.report?.at ?? 0;
      await daemon.until((later) => later.at > at + 0.1);
      acknowledged = await daemon.request({ kind: "acknowledge", reason: "it stands well" });
    }
    assert.equal(acknowledged.reason, "");
    await daemon.waitForEngaged();
  });

  it("stays where it is when the guardian dies on the way, and waits for it", async (t) => {
    const { rig, daemon, guardian } = await stopped(t);
    await bringBack(daemon, (report) => report.mode === "recovery" && j7(report) < 180.7);
    guardian.child.kill("SIGKILL");
    const { stops } = await daemon.until(({ mode }) => mode === "fault");
    assert.ok(HELD_UP.includes(stops[0]?.code ?? ""), stops[0]?.code);
    await rig.untilArrived((arrivals) => arrivals.at(-1)?.command === "set_arm_slow_stop");
    daemon.beat(1, "maintainer", false, BEAT_MS);
    daemon.beat(1, "maintainer", true, BEAT_MS);
    assert.match((await daemon.request({ kind: "recover" })).reason, /guardian/);
  });
});
