import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BundleError } from "../../models/bundle/bundle-error.js";
import { buildPrompt, normaliseInstruction } from "../../models/tokenizer/prompt.js";
import { readTokenizer } from "../../models/tokenizer/tokenizer.js";

describe("normaliseInstruction", () => {
  it("lower-cases and makes white space single", () => {
    assert.deepEqual(normaliseInstruction("  Pick up\tthe\n Bread "), {
      kind: "instruction",
      text: "pick up the bread",
    });
  });

  for (const [what, text, reason] of [
    ["nothing", "", /empty/],
    ["white space", " \n\u00a0", /empty/],
    ["401 characters", "x".repeat(401), /401 characters.*at most 400/],
    ["control characters", "move\u0007", /control/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const result = normaliseInstruction(text);
      assert.equal(result.kind, "refused");
      assert.match(result.kind === "refused" ? result.reason : "", reason);
    });
  }

  it("is its own fixed point on whatever it takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const once = normaliseInstruction(text);
        if (once.kind === "instruction" && once.text.length <= 400) {
          assert.deepEqual(normaliseInstruction(once.text), once);
        }
      }),
    );
  });
});

describe("buildPrompt", () => {
  it("puts the instruction in literally, patterns of replace included", () => {
    assert.equal(buildPrompt("to {instruction}?", "pay $& or $1"), "to pay $& or $1?");
  });
});

describe("readTokenizer", () => {
  for (const text of ["", "[", "null", "{}", '{"model":{"type":"BPE"}}']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => readTokenizer(Buffer.from(text)),
        (error) => error instanceof BundleError && error.code === "tokenizer-invalid",
      );
    });
  }
});
