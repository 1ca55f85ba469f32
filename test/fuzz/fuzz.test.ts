import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runCampaign } from "./campaign.js";
import { readCorpus } from "./corpus.js";
import { mutate } from "./mutate.js";
import { TARGETS, type Target } from "./targets.js";

/** Config and limits are YAML, a hundred times as slow to parse as a line of JSON. */
const INPUTS: Readonly<Record<string, number>> = { config: 40, limits: 40 };

describe("parsers that face a wire or a file", () => {
  for (const [name, target] of Object.entries(TARGETS)) {
    it(`${name}: takes its seeds, and survives what was kept and some new inputs`, () => {
      assert.ok(target.seeds.length > 0);
      assert.ok(target.seeds.some((seed) => target.run(seed).includes("accepted")));
      const { findings } = runCampaign(target, readCorpus(name), INPUTS[name] ?? 1000, 75);
      assert.deepEqual(
        findings.filter(({ what }) => !what.startsWith("took ")),
        [],
      );
    });
  }
});

describe("a campaign", () => {
  it("finds what throws, and what leads there step by step", () => {
    const brittle: Target = {
      longestMs: 1000,
      seeds: ['{"a":1}'],
      run: (input) => {
        if (input.includes("[[") && input.includes("1e999")) {
          throw new Error("reached");
        }
        return input.includes("[[") ? "brackets" : "nothing";
      },
    };
    const { findings } = runCampaign(brittle, [], 200_000, 3);
    assert.ok(findings.length >= 10, `${findings.length} findings`);
    assert.match(findings[0]?.what ?? "", /reached/);
  });

  it("is repeatable by its seed", () => {
    const inputs: string[] = [];
    const target: Target = {
      longestMs: 1000,
      seeds: ["abc", '{"a":[1,2]}'],
      run: (input) => String(inputs.push(input) % 3),
    };
    runCampaign(target, [], 300, 9);
    const first = inputs.splice(0);
    runCampaign(target, [], 300, 9);
    assert.deepEqual(inputs, first);
  });

  it("changes every text, an empty one too", () => {
    const half = (): number => 0.5;
    assert.notEqual(
      mutate("", "", () => 0.99),
      "",
    );
    assert.equal(typeof mutate("", "", half), "string");
  });
});
