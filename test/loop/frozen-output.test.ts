import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FROZEN_CHUNKS, sameRun } from "../../daemon/loop/frozen-output.js";

const tokens = (probability: readonly number[]) => ({ coarse: [1, 2], fine: [3, 4], probability });

describe("PO-08: a policy whose output stands still", () => {
  it("is known by three outputs that are the same in every probability", () => {
    const frozen = tokens([0.91, 0.82, 0.73, 0.64]);
    let run = 0;
    for (let chunk = 0; chunk < FROZEN_CHUNKS; chunk++) {
      run = sameRun(run, chunk === 0 ? null : frozen, tokens([0.91, 0.82, 0.73, 0.64]));
    }
    assert.equal(run, FROZEN_CHUNKS);
  });

  it("is not one that chooses the same codes again, for other pictures", () => {
    assert.equal(sameRun(2, tokens([0.91, 0.82, 0.73, 0.64]), tokens([0.91, 0.82, 0.73, 0.6400001])), 1);
    assert.equal(sameRun(2, tokens([]), tokens([])), 1, "a policy that tells no probabilities");
  });
});
