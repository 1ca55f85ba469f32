import assert from "node:assert/strict";
import { it } from "node:test";
import { unfitness } from "../../daemon/loop/policy-fitness.js";
import type { PolicyStatus } from "../../daemon/ports/policy.js";

const ready = (latencyP95: number): PolicyStatus => ({
  kind: "ready",
  latencyP95,
  description: { bundleId: "b", horizon: 5, period: 0.1, imageSize: 96, provider: "cpu", instructions: [] },
});

it("refuses a policy that does not run or is slower than its chunks allow", () => {
  assert.equal(unfitness(ready(0.15)), null);
  assert.equal(unfitness(ready(0.3)), null);
  assert.match(unfitness(ready(0.31)) ?? "", /310 ms.*300 ms/);
  assert.match(unfitness({ kind: "loading" }) ?? "", /loading/);
  assert.match(unfitness({ kind: "failed", reason: "flipped byte" }) ?? "", /flipped byte/);
});
