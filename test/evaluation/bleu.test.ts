import assert from "node:assert/strict";
import { test } from "node:test";
import { corpusBleu } from "../../daemon/evaluation/bleu.js";

const LEFT = "Robot Action: Trajectory Shape - To the left front; Ordinal Relations - Pick first, then move.";
const RIGHT = LEFT.replace("left", "right");
const PLATE = "place the carrot in the plate";

/** Made, true, and what sacreBLEU 2.6.0 gives: BLEU(tokenize="none", smooth_method="none", effective_order=True). */
const CASES: readonly (readonly [readonly string[], readonly string[], number])[] = [
  [["move the bread", PLATE], ["move the bread", PLATE], 1],
  [["move the bread"], ["move the bread"], 1],
  [["move the carrot"], ["move the bread"], 0],
  [[LEFT], [RIGHT], 0.8153551038173119],
  [[LEFT, PLATE, "move the bread to it"], [RIGHT, PLATE, "move the bread"], 0.7831932126265616],
  [["place the carrot in the"], [`${PLATE} of the left side`], 0.3678794411714425],
  [[`${PLATE} of the left side`], ["place the carrot in the"], 0.39281465090051304],
  [["alpha beta gamma delta epsilon"], ["one two three four five"], 0],
  [["the plate the carrot the bread the side"], ["the bread the plate the side the carrot"], 0],
];

test("corpus BLEU is what sacreBLEU computes", () => {
  for (const [made, truth, score] of CASES) {
    const pairs = made.map((text, place) => ({ made: text, truth: truth[place] ?? "", times: 1 }));
    assert.ok(Math.abs(corpusBleu(pairs) - score) < 1e-9, `${made}: ${corpusBleu(pairs)}, expected ${score}`);
  }
});

test("a text that came out several times counts as often", () => {
  const once = { made: LEFT, truth: RIGHT, times: 1 };
  const other = { made: PLATE, truth: PLATE, times: 1 };
  assert.equal(corpusBleu([{ ...once, times: 3 }, other]), corpusBleu([once, once, once, other]));
});

test("nothing made is nothing right, and no texts have no score", () => {
  assert.equal(corpusBleu([{ made: "", truth: LEFT, times: 1 }]), 0);
  assert.ok(Number.isNaN(corpusBleu([])));
});
