import assert from "node:assert/strict";
import { it } from "node:test";
import { pathToFileURL } from "node:url";
import { projectPath } from "../../daemon/ports/project-path.js";
import { afterStop, isMoving, Rig } from "./rig.js";

it("HO-09: wall clocks that jump by hours and to 1970 and back change nothing of the motion, and are told of", async (t) => {
  const before = process.env.NODE_OPTIONS;
  const wild = pathToFileURL(projectPath("dist", "test", "arm", "wild-wall-clock.js"));
  // Arm process, guardian and controller are started with it.
  process.env.NODE_OPTIONS = `${before ?? ""} --import=${wild}`;
  const { rig, arm, daemon } = await Rig.ready();
  if (before === undefined) {
    delete process.env.NODE_OPTIONS;
  } else {
    process.env.NODE_OPTIONS = before;
  }
  t.after(() => rig.close());
  await daemon.move(rig);
  // Longer than all ways of the clock take, in motion: chunk after chunk.
  const from = daemon.report?.at ?? 0;
  for (let at = from; at < from + 1.5; at = daemon.report?.at ?? at) {
    const { accepted, reason } = await daemon.chunk(0.2);
    assert.ok(accepted, reason);
    await daemon.until((report) => report.at > at + 0.2);
  }
  assert.equal(daemon.report?.mode, "policy");
  assert.deepEqual(daemon.report?.stops, []);
  assert.ok(isMoving(rig.arrivals));
  assert.deepEqual({ ...rig.violations, period: 0 }, { period: 0, step: 0, speed: 0, acceleration: 0, start: 0 });
  await daemon.request({ kind: "hold" });
  const { length } = rig.arrivals;
  await rig.untilArrived((arrivals) => arrivals.length > length + 40 && !isMoving(arrivals));
  assert.equal(afterStop(rig.arrivals).length, 0);
  assert.match(arm.output(), /the wall clock moved by -?\d+\.\d s/);
});
