import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readCalibration } from "../../calibration/files.js";
import { runCalibrateCamera } from "../../daemon/cli/calibrate/run-camera.js";
import { runCalibrateGripper } from "../../daemon/cli/calibrate/run-gripper.js";
import { runCalibrateHandEye } from "../../daemon/cli/calibrate/run-hand-eye.js";
import { runCalibrateRoles } from "../../daemon/cli/calibrate/run-roles.js";
import { CliError, EXIT } from "../../daemon/cli/exit-code.js";
import { expectedCalibrations } from "../../daemon/composition/expected-calibrations.js";
import { loadConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { until } from "../rm75/rig.js";
import { startVirtualCell, trueFocalLength, type VirtualCell } from "./virtual-cell.js";

/** Opening a camera takes up to this long on a machine under load (drivers/camera), s. */
const OPENED_WITHIN = 30;

let cell: VirtualCell;
before(async () => {
  cell = await startVirtualCell(4);
});
after(() => cell.close());

const refusedWith = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CliError, String(error));
  assert.match(error.message, words);
  assert.ok(error.hint.length > 10);
  return true;
};

/** The whole of it with figures: kinevla bench calibration. */
describe("calibrations of a virtual cell", () => {
  it("find the front camera's lens within 1 percent, and its middle within 2 pixels", async () => {
    assert.equal(await runCalibrateCamera("front", cell.options), EXIT.done);
    const config = loadConfig(cell.options.config);
    const expected = expectedCalibrations(config, { arm: "VIRTUAL-1", max_age_days: 1 }, Date.now());
    const read = readCalibration(cell.folder, "camera-front", expected);
    assert.ok(read.kind === "good", JSON.stringify(read));
    const { fx, fy, cx, cy } = read.calibration.intrinsics;
    const focal = trueFocalLength(cell.scene.frontCamera);
    assert.ok(Math.abs(fx / focal - 1) < 0.01 && Math.abs(fy / focal - 1) < 0.01, `${fx} x ${fy}, not ${focal}`);
    assert.ok(Math.hypot(cx - 127.5, cy - 127.5) < 2, `${cx}, ${cy}`);
    assert.ok(existsSync(join(cell.folder, "pictures", "camera-front-1.png")));
  });
  it("ask for the lens before they look where the camera is", async () => {
    const wrist = runCalibrateHandEye("wrist", cell.options);
    await assert.rejects(wrist, refusedWith(/needs camera-wrist: there is no/));
  });
  it("find exchanged cameras by turning the wrist, and pin the right ones", async () => {
    const swap = (how: string) =>
      Promise.all(["front", "wrist"].map((role) => cell.post("/impair", { target: "camera", role, how })));
    await swap("swap");
    await assert.rejects(runCalibrateRoles(cell.options), refusedWith(/the cameras are exchanged/));
    assert.ok(!existsSync(join(cell.folder, "roles.json")));
    await swap("none");
    assert.equal(await runCalibrateRoles(cell.options), EXIT.done);
    const { cameras, arm } = JSON.parse(readFileSync(join(cell.folder, "roles.json"), "utf8"));
    assert.deepEqual([arm, cameras], ["VIRTUAL-1", cell.lab.addresses.cameras]);
  });
  it("find the gripper's range", async () => {
    assert.equal(await runCalibrateGripper(cell.options), EXIT.done);
    const { closed, open } = JSON.parse(readFileSync(join(cell.folder, "gripper.json"), "utf8"));
    assert.ok(closed < 0.05 && open > 0.95, `${closed} to ${open}`);
  });
  it("end soon after a signal, also where they wait for a camera that sends nothing", async () => {
    const pictures = join(cell.folder, "pictures");
    rmSync(pictures, { recursive: true, force: true });
    const ended = runCalibrateCamera("front", cell.options);
    await until(() => existsSync(join(pictures, "camera-front-1.png")), "the first picture", OPENED_WITHIN);
    await cell.post("/impair", { target: "camera", role: "front", how: "stop" });
    let [taken, since] = [0, performance.now()];
    await until(() => {
      const { length } = readdirSync(pictures);
      [taken, since] = [length, length === taken ? since : performance.now()];
      return performance.now() - since > 2000;
    }, "no picture any more");
    const signalledAt = performance.now();
    process.emit("SIGHUP");
    assert.equal(await ended, EXIT.interrupted);
    assert.ok(performance.now() - signalledAt < 5000);
    assert.ok(taken < 16, "it was still at work");
    await cell.post("/impair", { target: "camera", role: "front", how: "none" });
  });
  it("take nobody's place at an arm that is not this machine's own", async () => {
    const config = projectPath("daemon", "config", "real-arm.yaml");
    await assert.rejects(runCalibrateRoles({ ...cell.options, config }), refusedWith(/--lab is for the virtual lab/));
  });
  it("are asked for in the configuration", async () => {
    const config = projectPath("daemon", "config", "lab.yaml");
    await assert.rejects(runCalibrateRoles({ ...cell.options, config }), refusedWith(/has no section calibration/));
  });
});
