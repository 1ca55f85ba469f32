import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CameraNews, cameraFault } from "../../drivers/camera/health.js";
import { lightOf } from "../../drivers/camera/light.js";

/** Something to see. */
const LIT = { light: null, poor: 0, poorSince: 10, dullSince: null } as const;
const size = { width: 256, height: 256 };
const kindAt = (news: CameraNews, now: number): string | null => cameraFault("front", size, news, now)?.kind ?? null;

describe("the fault of a camera, judged by its last news", () => {
  it("is none while different pictures arrive", () => {
    const news: CameraNews = { kind: "frame", at: 10, identical: 1, identicalSince: 10, ...LIT };
    assert.equal(kindAt(news, 10), null);
    assert.equal(kindAt(news, 10.25), null);
  });

  it("is stale just over 0.25 s after the last picture", () => {
    const news: CameraNews = { kind: "frame", at: 10, identical: 1, identicalSince: 10, ...LIT };
    assert.equal(kindAt(news, 10.2501), "camera-stale");
    assert.equal(cameraFault("front", size, news, 10.3)?.since, 10);
  });

  it("is frozen where four equal pictures are all that came for 0.14 s, not after either alone", () => {
    const frozen = (at: number, identical: number, now: number): string | null =>
      kindAt({ kind: "frame", at, identical, identicalSince: 10, ...LIT }, now);
    assert.equal(frozen(10.15, 4, 10.15), "camera-frozen");
    assert.equal(frozen(10.135, 4, 10.1401), "camera-frozen", "between two pictures of a slow camera");
    assert.equal(frozen(10.2, 3, 10.2), null, "two repeated pictures are legal");
    assert.equal(frozen(10.1, 9, 10.1), null);
    assert.equal(frozen(10.135, 4, 10.1399), null);
  });

  it("is stale rather than frozen when a frozen camera falls silent", () => {
    assert.equal(kindAt({ kind: "frame", at: 10.2, identical: 5, identicalSince: 10, ...LIT }, 10.5), "camera-stale");
  });

  it("is absent while it is opened, and when it does not open, with the reason", () => {
    assert.equal(kindAt({ kind: "starting", at: 10 }, 10), "camera-absent");
    const fault = cameraFault("wrist", size, { kind: "absent", at: 10, detail: "It is unplugged." }, 12);
    assert.deepEqual(fault, { kind: "camera-absent", role: "wrist", detail: "It is unplugged.", since: 10 });
  });

  it("names both sizes when the picture has the wrong one", () => {
    const fault = cameraFault("front", size, { kind: "wrong-size", at: 10, width: 640, height: 480 }, 10);
    assert.equal(fault?.kind, "camera-wrong-size");
    assert.match(fault?.detail ?? "", /640 x 480.*256 x 256/);
  });

  it("is blind after ten pictures in a row without anything to see, not after nine", () => {
    const dark = (poor: number): CameraNews => {
      return { kind: "frame", at: 10, identical: 1, identicalSince: 10, ...LIT, light: "dark", poor };
    };
    assert.equal(kindAt(dark(9), 10), null);
    assert.equal(kindAt(dark(10), 10), "camera-blind");
    assert.match(cameraFault("wrist", size, dark(10), 10)?.detail ?? "", /wrist camera sees nothing but dark/);
  });

  it("is blind as soon with a slow camera: after 0.2 s, and four pictures", () => {
    const dark = (poor: number, at: number): CameraNews => {
      return { kind: "frame", at, identical: 1, identicalSince: at, ...LIT, light: "dark", poor };
    };
    assert.equal(kindAt(dark(4, 10.19), 10.19), null);
    assert.equal(kindAt(dark(4, 10.21), 10.21), "camera-blind");
    assert.equal(kindAt(dark(3, 10.4), 10.4), null);
  });

  it("is blind once its pictures have been dull for 0.75 s, not before", () => {
    const dull = (at: number): CameraNews => {
      return { kind: "frame", at, identical: 1, identicalSince: at, ...LIT, dullSince: 10 };
    };
    assert.equal(kindAt(dull(10.74), 10.74), null);
    assert.equal(kindAt(dull(10.76), 10.76), "camera-blind");
    const fault = cameraFault("wrist", size, dull(10.76), 10.76);
    assert.match(fault?.detail ?? "", /wrist camera's pictures are blurred/);
    assert.equal(fault?.since, 10);
  });
});

describe("PO-15: the light in a picture", () => {
  const picture = (value: (index: number) => number): Uint8Array =>
    Uint8Array.from({ length: 3000 }, (_, i) => value(i));

  it("is poor where all is dark, one grey, or most of it dazzles", () => {
    assert.equal(lightOf(picture((index) => index % 12)), "dark");
    assert.equal(lightOf(picture((index) => 90 + (index % 3))), "covered");
    assert.equal(lightOf(picture((index) => (index % 10 < 7 ? 255 : 40))), "dazzled");
  });

  it("is poor where more than 45 of 100 are dark, whatever the rest shows, and not below", () => {
    assert.equal(lightOf(picture((index) => (index < 1380 ? 0 : 60 + (index % 90)))), "half-dark");
    assert.equal(lightOf(picture((index) => (index < 1320 ? 7 : 60 + (index % 90)))), null);
    assert.equal(lightOf(picture((index) => (index < 1500 ? 8 : 60 + (index % 90)))), null);
    // Half of it red, the other half blue: dark in two of three colours.
    assert.equal(lightOf(picture((index) => (index % 3 === (index < 1500 ? 0 : 2) ? 200 : 0))), null);
  });

  it("is fine in a dim picture with something in it, and with a lamp in half of it", () => {
    assert.equal(lightOf(picture((index) => 5 + (index % 30))), null);
    assert.equal(lightOf(picture((index) => (index % 2 === 0 ? 255 : 40))), null);
  });
});
