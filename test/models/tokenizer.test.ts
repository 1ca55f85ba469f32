import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BundleError } from "../../models/bundle/bundle-error.js";
import { nearestInstruction } from "../../models/tokenizer/nearest-instruction.js";
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

describe("nearestInstruction", () => {
  const trained = [
    "pick up the bread and move it to the left front",
    "pick up the bread and move it to the right front",
    "pick up the bread and move it to the front",
  ];

  it("finds the trained wording itself, whatever its case and punctuation", () => {
    assert.deepEqual(nearestInstruction("Pick up the bread, and move it to the FRONT.", trained), {
      instruction: trained[2],
      distance: 0,
      unknownWords: [],
      missingWords: [],
    });
  });

  it("names the words that differ", () => {
    assert.deepEqual(nearestInstruction("pick up the carrot and move it to the left front quickly", trained), {
      instruction: trained[0],
      distance: 2,
      unknownWords: ["carrot", "quickly"],
      missingWords: ["bread"],
    });
  });

  it("names missing words", () => {
    const nearest = nearestInstruction("move it to the right front", trained);
    assert.deepEqual(nearest?.missingWords, ["pick", "up", "the", "bread", "and"]);
    assert.equal(nearest?.distance, 5);
  });

  it("answers also for an empty instruction and for no trained ones", () => {
    assert.equal(nearestInstruction("", trained)?.instruction, trained[2]);
    assert.equal(nearestInstruction("move", []), null);
  });

  it("counts as many differing words as its distance explains", () => {
    const words = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(words, words, (given, other) => {
        const nearest = nearestInstruction(given.join(" "), [other.join(" ")]);
        assert.ok(nearest !== null);
        const { distance, unknownWords, missingWords } = nearest;
        assert.ok(distance >= Math.max(unknownWords.length, missingWords.length));
        assert.ok(distance <= unknownWords.length + missingWords.length);
        assert.equal(given.length - unknownWords.length, other.length - missingWords.length);
      }),
    );
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
