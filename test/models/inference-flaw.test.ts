import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inferenceFlaw } from "../../models/policy/inference-flaw.js";
import { PolicyError } from "../../models/policy/policy-error.js";

const STEP = [0.01, 0, 0, -0.02, 0, 0, 0];
const RIGHT = {
  reasoning: { coarse: "goal", fine: "motion", generatedAt: 3 },
  fresh: true,
  tokens: { coarse: [1, 2], fine: [3], probability: [0.9, 0.8, 0.7] },
  deltas: [STEP, STEP, STEP, STEP, STEP],
  grippers: [1, 1, 0.5, 0, -0.04],
  phases: { preprocess: 0, vision: 0.001, prefill: 0.001, text: 0.002, codes: 0.001, decode: 0 },
};

describe("an inference that another process sent", () => {
  it("may be used when it is as promised", () => {
    assert.equal(inferenceFlaw(RIGHT, 5), null);
  });

  for (const poison of [Number.NaN, Number.POSITIVE_INFINITY, null, "12", true, undefined, [0]]) {
    it(`is refused with ${JSON.stringify(poison) ?? "undefined"} (${typeof poison}) in any slot`, () => {
      for (let step = 0; step < 5; step += 1) {
        for (let joint = 0; joint < 7; joint += 1) {
          const deltas: unknown[][] = RIGHT.deltas.map((row) => [...row]);
          deltas[step]?.splice(joint, 1, poison);
          assert.match(inferenceFlaw({ ...RIGHT, deltas }, 5) ?? "", new RegExp(`step ${step + 1} `));
        }
        const grippers: unknown[] = [...RIGHT.grippers];
        grippers[step] = poison;
        assert.match(inferenceFlaw({ ...RIGHT, grippers }, 5) ?? "", /gripper/);
      }
    });
  }

  it("is refused with more or fewer steps or joints", () => {
    for (const deltas of [
      [],
      RIGHT.deltas.slice(1),
      [...RIGHT.deltas, STEP],
      Array.from({ length: 1e5 }, () => STEP),
    ]) {
      assert.match(inferenceFlaw({ ...RIGHT, deltas }, 5) ?? "", /steps instead of 5/);
    }
    const ragged = [...RIGHT.deltas.slice(1), STEP.slice(1)];
    assert.match(inferenceFlaw({ ...RIGHT, deltas: ragged }, 5) ?? "", /step 5 /);
  });

  it("is refused with a gripper opening outside 0 to 1, or anything missing", () => {
    assert.match(inferenceFlaw({ ...RIGHT, grippers: [1, 1, 1.06, 0, 0] }, 5) ?? "", /gripper/);
    for (const field of Object.keys(RIGHT)) {
      assert.notEqual(inferenceFlaw({ ...RIGHT, [field]: undefined }, 5), null, field);
    }
    for (const wrong of [null, 7, "inferred", [], { nonsense: 1 }]) {
      assert.notEqual(inferenceFlaw(wrong, 5), null);
    }
  });
});

describe("an inference that failed", () => {
  it("counts as no chunk where the model computed what is no number, or sent what is none", () => {
    assert.equal(new PolicyError("not-finite", "a logit").flaw, "no-chunk");
    assert.equal(new PolicyError("bad-answer", "six joints").flaw, "no-chunk");
  });

  it("does not where the state was unfamiliar, the model late or the text too long", () => {
    assert.equal(new PolicyError("state-unfamiliar", "joint 3").flaw, "unfamiliar");
    for (const code of ["deadline-missed", "text-over-budget", "cameras-swapped"] as const) {
      assert.equal(new PolicyError(code, "not this").flaw, "other");
    }
  });
});
