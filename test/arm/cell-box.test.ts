import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { createCellBoxSwitch } from "../../drivers/cell-box/cell-box-switch.js";
import { type CellBox, startCellBox } from "../../drivers/virtual-lab/cell-box/cell-box.js";
import { until } from "../rm75/rig.js";
import { afterStop, type DaemonEnd, type Process, Rig } from "./rig.js";

/** The real processes with a cell box beside the arm. */
async function ready(t: TestContext): Promise<{
  readonly rig: Rig;
  readonly guardian: Process;
  readonly arm: Process;
  readonly daemon: DaemonEnd;
  readonly box: CellBox;
  powerCuts(): number;
}> {
  const rig = await Rig.open();
  let cuts = 0;
  const onPowerCut = (): void => {
    cuts += 1;
    for (const joint of [1, 2, 3, 4, 5, 6, 7]) {
      rig.inject({ kind: "joint-disabled", joint });
    }
  };
  const box = await startCellBox({ host: "127.0.0.1", port: 0, onPowerCut });
  t.after(async () => {
    await rig.close();
    await box.close();
  });
  appendFileSync(rig.configFile, `cell_box: { host: 127.0.0.1, port: ${box.port} }\n`);
  const guardian = rig.start("guardian");
  const arm = rig.start("main");
  const daemon = await rig.daemon();
  await daemon.until((report) => report.mode === "standby");
  return { rig, guardian, arm, daemon, box, powerCuts: () => cuts };
}

describe("OP-13: the enabling switch of the cell", () => {
  it("stops and latches when it opens in motion; nothing begins and nothing is acknowledged while it is open", async (t) => {
    const { rig, daemon, box } = await ready(t);
    await daemon.move(rig);
    box.setSwitch(false);
    const report = await daemon.until(({ mode }) => mode === "fault");
    assert.equal(report.stops[0]?.code, "cell-open");
    assert.equal(report.stops[0]?.latched, true);
    await daemon.until(({ at }) => at > report.at + 0.3);
    assert.ok(afterStop(rig.arrivals).length > 0);
    assert.ok(afterStop(rig.arrivals).every(({ command }) => command === "set_arm_stop"));
    const early = await daemon.request({ kind: "acknowledge", reason: "test" });
    assert.match(early.reason, /enabling switch or guard of the cell is open/);
    box.setSwitch(true);
    // Closed for a second; a busy machine may hear the box a little late.
    let acknowledged = await daemon.request({ kind: "acknowledge", reason: "test" });
    for (let tries = 0; tries < 50 && !acknowledged.ok; tries++) {
      const at = daemon.report?.at ?? 0;
      await daemon.until((later) => later.at > at + 0.2);
      acknowledged = await daemon.request({ kind: "acknowledge", reason: "test" });
    }
    assert.equal(acknowledged.reason, "");
    await daemon.waitForEngaged();
  });

  it("an open one while standing by latches nothing, and motion waits for it", async (t) => {
    const { daemon, box } = await ready(t);
    daemon.beat();
    box.setSwitch(false);
    const at = daemon.report?.at ?? 0;
    await daemon.until((report) => report.at > at + 0.1);
    const refused = await daemon.request({ kind: "engage" });
    assert.match(refused.reason, /enabling switch or guard of the cell is open/);
    assert.equal(daemon.report?.mode, "standby");
    box.setSwitch(true);
    await daemon.waitForEngaged();
  });

  it("a box that is silent, gone, or says something else is an open one, and a closed one comes back", async () => {
    const box = await startCellBox({ host: "127.0.0.1", port: 0, onPowerCut: () => undefined });
    const told: boolean[] = [];
    const cell = createCellBoxSwitch({ host: "127.0.0.1", port: box.port });
    cell.watch((closed) => told.push(closed));
    assert.deepEqual(told, [false]);
    await until(() => told.at(-1) === true, "closed");
    const since = hostClock.now();
    box.silence();
    await until(() => told.at(-1) === false, "open by silence");
    assert.ok(hostClock.now() - since >= 0.1);
    await box.close();
    const again = await startCellBox({ host: "127.0.0.1", port: box.port, onPowerCut: () => undefined });
    await until(() => told.at(-1) === true, "closed again");
    await again.close();
    await until(() => told.at(-1) === false, "open when gone");
    cell.close();
    assert.deepEqual(told, [false, true, false, true, false]);
  });
});

describe("HO-06: the relay in the arm's supply", () => {
  it("stays closed while the guardian lives, and opens when guardian and arm process die together", async (t) => {
    const { rig, guardian, arm, daemon, powerCuts } = await ready(t);
    await daemon.move(rig);
    assert.equal(powerCuts(), 0);
    guardian.child.kill("SIGKILL");
    arm.child.kill("SIGKILL");
    await until(() => powerCuts() === 1, "the relay has opened");
  });

  it("opens when the arm does not obey a stop (AR-16), and not when it does", async (t) => {
    const { rig, daemon, powerCuts } = await ready(t);
    await daemon.move(rig);
    daemon.tell({ kind: "stop", reason: "test", by: "test" });
    const obeyed = await daemon.until(({ mode }) => mode === "fault");
    await daemon.until(({ at }) => at > obeyed.at + 0.8);
    assert.equal(powerCuts(), 0);
    assert.equal((await daemon.request({ kind: "acknowledge", reason: "test" })).reason, "");
    await daemon.move(rig);
    rig.inject({ kind: "drift", joint: 1, degreesPerSecond: 5 });
    daemon.tell({ kind: "stop", reason: "test", by: "test" });
    await until(() => powerCuts() === 1, "the relay has opened");
  });
});
