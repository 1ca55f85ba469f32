import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Resources } from "../../daemon/types/resources.js";
import { afterStop, isMoving, Rig } from "./rig.js";
import { Supervised } from "./supervised.js";

const WELL: Resources = { memory: 0.3, descriptors: 0.01, busy: 0.25 };

describe("HO-08: a process that runs out of something", () => {
  const short: readonly (readonly [string, (bench: Supervised, memory: number) => void])[] = [
    ["the arm process", (bench, memory) => bench.supervisor.used({ ...WELL, memory }, bench.now)],
    [
      "the daemon",
      (bench, memory) =>
        bench.supervisor.handle({ kind: "resources", pid: process.pid, used: { ...WELL, memory } }, bench.now),
    ],
  ];
  for (const [who, use] of short) {
    it(`${who}: ramps to a hold, latches nothing, and lets nothing begin until it is over`, () => {
      const bench = new Supervised().following();
      bench.give(bench.chunk(0.02));
      bench.pass(0.1);
      use(bench, 0.79);
      bench.pass(0.05);
      assert.equal(bench.latest.mode, "policy");
      use(bench, 0.81);
      bench.pass(0.01);
      assert.equal(bench.latest.mode, "hold");
      bench.pass(0.5);
      assert.equal(bench.speed, 0);
      assert.deepEqual(
        bench.stops.map(({ code, latched }) => ({ code, latched })),
        [{ code: "resources-short", latched: false }],
      );
      assert.match(bench.request({ kind: "follow-policy" }).reason, /81 % of its memory/);
      assert.match(bench.request({ kind: "home" }).reason, /81 % of its memory/);
      bench.request({ kind: "disengage" });
      bench.pass(0.5);
      assert.match(bench.request({ kind: "engage" }).reason, /81 % of its memory/);
      assert.equal(bench.latest.notices[0]?.code, "resources-short");
      use(bench, 0.5);
      assert.equal(bench.request({ kind: "engage" }).ok, true);
    });
  }

  it("a daemon that is gone is no longer short of anything", () => {
    const bench = new Supervised().connected();
    bench.supervisor.handle({ kind: "resources", pid: process.pid, used: { ...WELL, descriptors: 1 } }, bench.now);
    assert.notEqual(bench.supervisor.fault, null);
    bench.supervisor.daemonLost(bench.now);
    assert.equal(bench.supervisor.fault, null);
  });

  it("the real arm process ramps when the daemon says so, and is well itself", async (t: TestContext) => {
    const { rig, daemon } = await Rig.ready();
    t.after(() => rig.close());
    await daemon.move(rig);
    daemon.tell({ kind: "resources", pid: process.pid, used: { ...WELL, memory: 0.9 } });
    const report = await daemon.until(({ mode }) => mode !== "policy");
    assert.equal(report.mode, "hold");
    assert.equal(report.stops[0]?.code, "resources-short");
    assert.match(report.stops[0]?.detail ?? "", /^the daemon /);
    const { length } = rig.arrivals;
    await rig.untilArrived((arrivals) => arrivals.length > length + 40 && !isMoving(arrivals));
    assert.equal(afterStop(rig.arrivals).length, 0);
    daemon.tell({ kind: "resources", pid: process.pid, used: WELL });
    assert.equal((await daemon.request({ kind: "follow-policy" })).ok, true);
  });
});
