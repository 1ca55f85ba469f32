import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { jointPosition, mapJoints } from "../../daemon/types/units.js";
import { Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { TIME_STEP } from "../../drivers/virtual-lab/scene/mjcf.js";
import { drawPoses } from "../../drivers/virtual-lab/scene/scene-spec.js";

/** State after a second of everything moving at once, for this scene; changes with the physics and the scene. */
const GOLDEN = "95c3f99f224e8cfc";

async function oneSecond(): Promise<string> {
  const simulation = await Simulation.create(drawPoses(4, "move-bread"), HOME);
  for (let step = 0; step < 250; step += 1) {
    simulation.setTargets(
      jointPosition(mapJoints(HOME, (value, joint) => value + 0.0004 * step * (joint % 2 ? 1 : -1))),
    );
    simulation.setGripper(step < 100 ? 0 : 1, 20);
    simulation.step(1);
  }
  const state = simulation.state();
  simulation.close();
  return createHash("sha256").update(new Uint8Array(state.buffer)).digest("hex").slice(0, 16);
}

describe("the physics", () => {
  it("gives the same bits in every run", async () => {
    assert.equal(await oneSecond(), GOLDEN);
    assert.equal(await oneSecond(), GOLDEN);
  });

  it("has every object at rest at the start", async () => {
    const simulation = await Simulation.create(drawPoses(5, "move-bread"), HOME);
    for (const name of ["bread", "carrot", "plate"] as const) {
      assert.ok(simulation.object(name).speed < 0.01, name);
    }
    const before = simulation.object("bread").position;
    simulation.step(250);
    const after = simulation.object("bread").position;
    assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1], after[2] - before[2]) < 1e-4);
    assert.equal(simulation.gripperOpening() > 0.98, true);
    simulation.close();
  });

  it("follows a joint moving at 25 degrees a second with less than half a degree of lag", async () => {
    const simulation = await Simulation.create(drawPoses(6, "move-bread"), HOME);
    const speed = (25 * Math.PI) / 180;
    for (let joint = 0; joint < 7; joint += 1) {
      let target = simulation.measured();
      for (let step = 0; step < 100; step += 1) {
        const from = target;
        target = jointPosition(mapJoints(from, (value, index) => value + (index === joint ? speed * TIME_STEP : 0)));
        simulation.setTargets(target);
        simulation.step(1);
      }
      const lag = (target[joint] ?? 0) - (simulation.measured()[joint] ?? 0);
      assert.ok(Math.abs(lag) < (0.5 * Math.PI) / 180, `joint ${joint + 1} lags ${(lag * 180) / Math.PI} degrees`);
    }
    simulation.close();
  });

  it("bears the arm's weight in its reported torques", async () => {
    const simulation = await Simulation.create(drawPoses(6, "move-bread"), HOME);
    const shoulder = simulation.torque()[1] ?? 0;
    assert.ok(shoulder < -3 && shoulder > -15, `${shoulder} N m`);
    simulation.close();
  });

  it("takes a third of a second to close the gripper", async () => {
    const simulation = await Simulation.create(drawPoses(6, "move-bread"), HOME);
    simulation.setGripper(0, 20);
    simulation.step(50);
    assert.ok(simulation.gripperOpening() > 0.3 && simulation.gripperOpening() < 0.7);
    simulation.step(75);
    assert.ok(simulation.gripperOpening() < 0.03);
    simulation.close();
  });
});
