import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jointPosition } from "../../daemon/types/units.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import { unnormalise } from "../../models/decoder/unnormalise.js";
import { chooseCode, chooseId } from "../../models/generator/choose.js";
import { normaliseProprio, packImages, packProprio, unfamiliar } from "../../models/policy/observation-input.js";
import { nanoManifest } from "./nano-bundle.js";
import { observation, plainFrame } from "./observation.js";

const manifest = nanoManifest(new Map());

describe("chooseCode", () => {
  it("takes the best inside the band only, with its softmax probability there", () => {
    const logits = Float32Array.of(9, 0, Math.log(3), 0, 9);
    const chosen = chooseCode(logits, 3, 3);
    assert.equal(chosen?.code, 1);
    assert.ok(Math.abs((chosen?.probability ?? 0) - 0.6) < 1e-6);
  });

  it("stays inside the band whatever the logits are", () => {
    const logits = fc.float32Array({ minLength: 20, maxLength: 20, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(logits, (values) => {
        const chosen = chooseCode(values, 11, 4);
        assert.ok(chosen !== null && chosen.code >= 0 && chosen.code < 4);
        assert.ok(chosen.probability >= 0.25 - 1e-9 && chosen.probability <= 1);
        const best = Math.max(...values.subarray(8, 12));
        assert.equal(values[11 - chosen.code], best);
      }),
    );
  });

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    it(`gives nothing when the band holds ${value}`, () => {
      assert.equal(chooseCode(Float32Array.of(0, value, 0), 2, 3), null);
      assert.equal(chooseId(Float32Array.of(0, value, 0)), null);
    });
  }

  it("gives nothing for a band outside the logits", () => {
    assert.equal(chooseCode(Float32Array.of(0, 1), 3, 2), null);
  });
});

describe("chooseId", () => {
  it("takes the first of equals", () => {
    assert.equal(chooseId(Float32Array.of(-2, 5, 5)), 1);
  });
});

describe("unnormalise", () => {
  const values = (fill: number): Float32Array => new Float32Array(40).fill(fill);

  it("maps -1, 0 and 1 to q01, the middle and q99 of each step, and leaves the gripper as it is", () => {
    for (const [value, delta] of [
      [-1, -0.02],
      [0, 0.005],
      [1, 0.03],
    ] as const) {
      const chunk = unnormalise(values(value), manifest);
      assert.ok(chunk.kind === "chunk");
      chunk.deltas.forEach((row, step) => {
        row.forEach((angle) => {
          assert.ok(Math.abs(angle - delta * (step + 1)) < 1e-12);
        });
      });
      assert.deepEqual(chunk.grippers, Array(5).fill(Math.max(0, value)));
    }
  });

  for (const [what, value] of [
    ["not a number", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
    ["beyond the clip", 1.31],
    ["beyond the clip below", -1.31],
  ] as const) {
    it(`refuses a value that is ${what}, in every place`, () => {
      for (let place = 0; place < 40; place += 1) {
        const spoilt = values(0);
        spoilt[place] = value;
        const result = unnormalise(spoilt, manifest);
        assert.equal(result.kind === "failed" && result.code, "implausible-chunk");
      }
    });
  }

  it("refuses too few values", () => {
    assert.equal(unnormalise(new Float32Array(39), manifest).kind, "failed");
  });
});

describe("packImages", () => {
  it("puts the front frame before the wrist frame", () => {
    const packed = packImages(observation(2), 2);
    assert.ok(packed.kind === "images");
    assert.deepEqual([...packed.bytes], [...Array(12).fill(40), ...Array(12).fill(170)]);
  });

  it("refuses a frame of another size or with too few bytes", () => {
    const short = { ...plainFrame("front", 2, 0), rgb: new Uint8Array(11) };
    assert.equal(packImages(observation(2), 3).kind, "failed");
    assert.equal(packImages({ ...observation(2), front: short }, 2).kind, "failed");
  });
});

describe("packProprio", () => {
  const withFeatures = (features: Manifest["proprio"]["features"]): Manifest => ({
    ...manifest,
    proprio: { ...manifest.proprio, features },
  });
  const all = withFeatures([
    "gripper-recency",
    "has-grasped",
    "commanded",
    "measured",
    "gripper-commanded",
    "gripper-measured",
    "since-grasp",
  ]);
  const seen = observation(2, {
    commanded: jointPosition([1, 2, 3, 4, 5, 6, 7]),
    measured: jointPosition([1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]),
    gripper: { commanded: 0, measured: 0.25, receivedAt: 1 },
  });

  it("gives every feature in the manifest's order", () => {
    const graspedAt = jointPosition([1, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(packProprio({ ...seen, graspedAt, sinceGripperCommand: 0 }, all), [
      1,
      1,
      ...[1, 2, 3, 4, 5, 6, 7],
      ...[1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5],
      0,
      0.25,
      ...[0, 1, 2, 3, 4, 5, 6],
    ]);
  });

  it("gives zeros before the first grasp and the first gripper command", () => {
    const before = packProprio({ ...seen, graspedAt: null, sinceGripperCommand: Number.POSITIVE_INFINITY }, all);
    assert.deepEqual(before.slice(0, 2), [0, 0]);
    assert.deepEqual(before.slice(-7), Array(7).fill(0));
  });

  it("decays by e in half a second", () => {
    const [recency] = packProprio({ ...seen, sinceGripperCommand: 0.5 }, all);
    assert.ok(Math.abs((recency ?? 0) - Math.exp(-1)) < 1e-12);
  });

  it("is scaled by mean and std", () => {
    const scaled = { ...manifest, proprio: { ...manifest.proprio, mean: [1, 2], std: [2, 4] } };
    assert.deepEqual([...normaliseProprio([3, 0], scaled)], [1, -0.5]);
  });

  it("names what is more than 6 standard deviations away (PO-10)", () => {
    const features = withFeatures(["has-grasped", "commanded"]);
    const state = (joint: number, value: number): Float32Array =>
      Float32Array.from({ length: 8 }, (_, place) => (place === joint ? value : 0.5));
    assert.equal(unfamiliar(state(3, 6), features), null);
    assert.equal(unfamiliar(state(3, -6), features), null);
    assert.match(unfamiliar(state(3, -6.1), features) ?? "", /^commanded 3 is 6\.1 standard deviations/);
    assert.match(unfamiliar(state(0, 57.3), features) ?? "", /^has-grasped 1 is 57\.3/);
    assert.match(unfamiliar(state(7, Number.NaN), features) ?? "", /^commanded 7/);
  });
});
