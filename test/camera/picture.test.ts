import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadOpenCv, type Mat, OPENCV_ENVIRONMENT } from "../../drivers/camera/opencv.js";
import { modelPicture, samePicture, upright } from "../../drivers/camera/picture.js";

Object.assign(process.env, OPENCV_ENVIRONMENT);
const cv = loadOpenCv();

/** A picture made of RGB values. */
function picture(width: number, height: number, rgb: (x: number, y: number) => readonly [number, number, number]): Mat {
  const bytes = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [red, green, blue] = rgb(x, y);
      bytes.set([blue, green, red], (y * width + x) * 3);
    }
  }
  return new cv.Mat(bytes, height, width, cv.CV_8UC3);
}

const pixel = (rgb: Uint8Array, size: number, x: number, y: number): readonly number[] => [
  ...rgb.subarray((y * size + x) * 3, (y * size + x) * 3 + 3),
];

describe("the picture for the model", () => {
  it("is RGB, row by row from the top left", () => {
    const mat = picture(8, 8, (x, y) => [10 * x, 20 * y, 5]);
    const rgb = modelPicture(cv, mat, { size: 8, crop: 1, rotate180: false });
    assert.equal(rgb.length, 8 * 8 * 3);
    assert.deepEqual(pixel(rgb, 8, 3, 1), [30, 20, 5]);
    mat.release();
  });

  it("is the mean of the pixels that each of its pixels covers", () => {
    const mat = picture(4, 4, (x, y) => [x < 2 ? 0 : 200, y < 2 ? 0 : 100, (x + y) % 2 === 0 ? 0 : 80]);
    const rgb = modelPicture(cv, mat, { size: 2, crop: 1, rotate180: false });
    assert.deepEqual([...rgb], [0, 0, 40, 200, 0, 40, 0, 100, 40, 200, 100, 40]);
    mat.release();
  });

  it("is the centre square of a wide picture, and the crop of that", () => {
    const mat = picture(12, 8, (x, y) => [x, y, 0]);
    const whole = modelPicture(cv, mat, { size: 8, crop: 1, rotate180: false });
    assert.deepEqual(pixel(whole, 8, 0, 0), [2, 0, 0]);
    assert.deepEqual(pixel(whole, 8, 7, 7), [9, 7, 0]);
    const half = modelPicture(cv, mat, { size: 4, crop: 0.5, rotate180: false });
    assert.deepEqual(pixel(half, 4, 0, 0), [4, 2, 0]);
    assert.deepEqual(pixel(half, 4, 3, 3), [7, 5, 0]);
    mat.release();
  });

  it("is turned by half a turn where the camera hangs upside down", () => {
    const options = { size: 4, crop: 1, rotate180: true };
    const mat = upright(
      picture(4, 4, (x, y) => [x, y, 0]),
      options,
    );
    assert.deepEqual(pixel(modelPicture(cv, mat, options), 4, 0, 0), [3, 3, 0]);
    mat.release();
  });
});

describe("comparing pictures", () => {
  it("tells equal bytes from one changed bit", () => {
    const a = picture(6, 6, () => [1, 2, 3]);
    const b = picture(6, 6, () => [1, 2, 3]);
    const c = picture(6, 6, (x, y) => (x === 5 && y === 5 ? [1, 2, 2] : [1, 2, 3]));
    assert.equal(samePicture(cv, a, b), true);
    assert.equal(samePicture(cv, a, c), false);
    for (const mat of [a, b, c]) {
      mat.release();
    }
  });
});
