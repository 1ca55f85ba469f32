import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { exposureOf } from "../../drivers/camera/exposure.js";
import { boundaryOf, MultipartParser, type Part } from "../../drivers/camera/multipart.js";

/** A stream of two pictures; the second one does not tell its length. */
const STREAM = Buffer.from(
  "preamble\r\n--b\r\nContent-Type: image/jpeg\r\nContent-Length: 8\r\nX-Timestamp: 7.250000\r\n\r\n\r\n--bXYZ\r\n--b\r\nx: y:z\r\n\r\nsecond\r\n--b\r\n",
  "latin1",
);

function push(bytes: Uint8Array): void {
  new MultipartParser("b").push(bytes, () => undefined);
}

describe("a multipart stream", () => {
  it("gives the same parts however it is cut, by length and by boundary", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (places) => {
        const parser = new MultipartParser("b");
        const bounds = [0, ...places.toSorted((a, b) => a - b), STREAM.length];
        const parts: Part[] = [];
        for (const [index, end] of bounds.slice(1).entries()) {
          parser.push(STREAM.subarray(bounds[index], end), (part) => parts.push(part));
        }
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
      assert.throws(() => push(part), /a picture of/, length);
    }
    assert.throws(() => push(Buffer.alloc(10_000)), /no part begins/);
    assert.throws(() => push(Buffer.from(`--b\r\n${"x".repeat(10_000)}\r\n\r\n`)), /no part begins/);
    assert.throws(() => push(Buffer.concat([Buffer.from("--b\r\n\r\n"), Buffer.alloc(17 * 1024 * 1024)])), /too many/);
  });

  it("hands on what was sound before what is not", () => {
    const bodies: string[] = [];
    const bytes = Buffer.from("--b\r\nContent-Length: 2\r\n\r\nok\r\n--b\r\nContent-Length: x\r\n\r\n");
    assert.throws(
      () => new MultipartParser("b").push(bytes, ({ body }) => bodies.push(String(body))),
      /a picture of x/,
    );
    assert.deepEqual(bodies, ["ok"]);
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
