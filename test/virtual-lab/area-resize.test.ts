import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAreaResize } from "../../drivers/virtual-lab/dataset/area-resize.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";

process.env.OPENCV4NODEJS_DISABLE_EXTERNAL_MEM_TRACKING = "1";
process.env.OPENCV4NODEJS_DISABLE_AUTOBUILD = "1";
const { default: cv } = await import("opencv4nodejs");

function noise(size: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: size * size * 3 }, () => random.index(256));
}

describe("the area resize", () => {
  for (const [from, to] of [
    [256, 96],
    [256, 64],
    [256, 128],
    [256, 112],
  ] as const) {
    it(`agrees with OpenCV's INTER_AREA within one grey level, ${from} to ${to}`, () => {
      const rgb = noise(from, to);
      const ours = createAreaResize(from, to)(rgb);
      const mat = new cv.Mat(Buffer.from(rgb), from, from, cv.CV_8UC3);
      const small = mat.resize(to, to, 0, 0, cv.INTER_AREA);
      const theirs = small.getData();
      mat.release();
      small.release();
      const worst = ours.reduce((most, value, index) => Math.max(most, Math.abs(value - (theirs[index] ?? -99))), 0);
      assert.ok(worst <= 1, `${worst} levels apart`);
    });
  }

  it("leaves a picture of one colour alone", () => {
    assert.ok(createAreaResize(256, 96)(new Uint8Array(256 * 256 * 3).fill(137)).every((value) => value === 137));
  });

  it("refuses to enlarge", () => {
    assert.throws(() => createAreaResize(96, 256), RangeError);
  });
});
