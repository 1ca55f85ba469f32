import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { calibrateCamera } from "../../daemon/cli/calibrate/run-camera.js";
import { calibrateHandEye } from "../../daemon/cli/calibrate/run-hand-eye.js";
import { lens, place } from "../bench/calibration.js";
import { FilmedStand } from "./filmed-stand.js";

let stand: FilmedStand;
before(async () => {
  stand = await FilmedStand.open(1);
});
after(() => stand.close());

/** The rest of it, and other seeds: kinevla bench calibration. */
describe("a filmed cell", () => {
  it("has its wrist camera's lens found within 1 percent", async () => {
    await calibrateCamera("wrist", stand);
    const { "fx off by %": x, "fy off by %": y } = lens(stand.need("camera-wrist"), stand.scene.wristCamera);
    assert.ok(Math.abs(x) < 1 && Math.abs(y) < 1, `${x} %, ${y} %`);
  });
  it("and where that camera is within 3 mm and 0.3 degrees", async () => {
    await calibrateHandEye("wrist", stand);
    const off = place(stand.need("hand-eye-wrist"), stand.scene.wristCamera);
    assert.ok(off["off by mm"] < 3 && off["off by deg"] < 0.3, JSON.stringify(off));
  });
});
