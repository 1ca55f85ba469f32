import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { exposureOf } from "../../drivers/camera/exposure.js";
import { boundaryOf, MultipartParser } from "../../drivers/camera/multipart.js";

/** A stream of two pictures; the second one does not tell its length. */
const STREAM = Buffer.from(
  "preamble\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Length: 8\r\nX-Timestamp: 7.250000\r\n\r\n\r\n--bXYZ\r\n--b\r\nx: y:z\r\n\r\nsecond\r\n--b\r\n",
  "latin1",
);

describe("a multipart stream", () => {
  it("gives the same parts however it is cut, by length and by boundary", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (places) => {
        const parser = new MultipartParser("b");
        const bounds = [0, ...places.toSorted((a, b) => a - b), STREAM.length];
        const parts = bounds.slice(1).flatMap((end, index) => [...parser.push(STREAM.subarray(bounds[index], end))]);
        assert.deepEqual(
          parts.map(({ headers, body }) => [Object.fromEntries(headers), body.toString("latin1")]),
          [
            [{ "content-type": "image/jpeg", "content-length": "8", "x-timestamp": "7.250000" }, "\r\n--bXYZ"],
            [{ x: "y:z" }, "second"],
          ],
        );
      }),
    );
  });

  it("refuses lengths that cannot be, and bytes without a beginning", () => {
    for (const length of ["-1", "x", "1e99", "99999999"]) {
      const part = Buffer.from(`--b\r\nContent-Length: ${length}\r\n\r\n`);
      assert.throws(() => new MultipartParser("b").push(part), /a picture of/, length);
    }
    assert.throws(() => new MultipartParser("b").push(Buffer.alloc(10_000)), /no part begins/);
    const endless = new MultipartParser("b");
    endless.push(Buffer.from("--b\r\n\r\n"));
    assert.throws(() => endless.push(Buffer.alloc(17 * 1024 * 1024)), /too many/);
  });

  it("is known by its content type", () => {
    assert.equal(boundaryOf("multipart/x-mixed-replace; boundary=frame"), "frame");
    assert.equal(boundaryOf('multipart/x-mixed-replace;charset=x; boundary="--my frame"'), "my frame");
    assert.equal(boundaryOf("video/mp4"), null);
    assert.equal(boundaryOf("multipart/x-mixed-replace"), null);
  });
});

describe("what a camera tells of an exposure", () => {
  it("counts where it is before the picture was in hand, and not long before", () => {
    assert.deepEqual([exposureOf(99.95, 100), exposureOf(100, 100), exposureOf(98, 100)], [99.95, 100, 98]);
    assert.deepEqual([exposureOf(100.01, 100), exposureOf(97, 100), exposureOf(Number.NaN, 100)], [null, null, null]);
  });
});
