import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkInstruction } from "../../daemon/operator/instruction.js";
import { readSlots, wordsOf } from "../../daemon/operator/slots.js";
import { wordDistance } from "../../daemon/operator/word-distance.js";
import { compareWording, describeWording } from "../../daemon/operator/wording.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

const TRAINED = TASKS.flatMap(({ instruction, paraphrases }) => [instruction, ...paraphrases]);

function compare(instruction: string) {
  const wording = compareWording(instruction, TRAINED);
  assert.ok(wording !== null);
  return wording;
}

test("every slot of the seven tasks is read out of every wording", () => {
  for (const task of TASKS) {
    for (const words of [task.instruction, ...task.paraphrases, ...task.unseen]) {
      const expected =
        task.kind === "move-bread"
          ? { object: "bread", part: null, direction: task.direction, side: null }
          : { object: "carrot", part: task.part, direction: null, side: task.side };
      assert.deepEqual(readSlots(wordsOf(words)), expected, words);
    }
  }
});

test("a trained paraphrase passes without question", () => {
  for (const wording of TRAINED) {
    assert.equal(checkInstruction(wording, TRAINED).kind, "known", wording);
  }
});

test("an untrained wording of a task is led to that task and differs in no slot", () => {
  for (const task of TASKS) {
    for (const words of task.unseen) {
      const { nearest, differences } = compare(words);
      assert.ok([task.instruction, ...task.paraphrases].includes(nearest), `${words} -> ${nearest}`);
      assert.deepEqual(differences, []);
    }
  }
});

test("another value of a slot is named with the trained one", () => {
  assert.deepEqual(compare("pick up the banana and move it to the front").differences, [
    { slot: "object", said: "banana", trained: "bread" },
  ]);
  assert.deepEqual(compare("grab a ripe banana and move it to the front").differences[0]?.said, "ripe banana");
  assert.deepEqual(compare("pick up the bread and move it to the back").differences, [
    { slot: "direction", said: "back", trained: "front" },
  ]);
  assert.deepEqual(
    compare("hold the carrot by the middle part and place it on the left side of the plate").differences,
    [{ slot: "part", said: "middle", trained: "upper" }],
  );
  assert.deepEqual(compare("hold the carrot by the upper part and place it behind the plate").differences, [
    { slot: "side", said: "back", trained: "right" },
  ]);
  assert.equal(compare("pick up the carrot and move it to the left front").differences[0]?.slot, "object");
});

test("a slot that is not said, or said twice, is named", () => {
  assert.deepEqual(compare("place the carrot on the left side of the plate").differences, [
    { slot: "part", said: null, trained: "upper" },
  ]);
  const both = compare("hold the carrot by the upper part and the lower part, place it on the left of the plate");
  assert.deepEqual(
    both.differences.map(({ slot, said }) => [slot, said]),
    [["part", "upper and lower"]],
  );
  assert.deepEqual(compare("pick up the bread and move it").differences, [
    { slot: "direction", said: null, trained: "front" },
  ]);
});

test("words that were never heard are named, also where every slot fits", () => {
  const { differences, unfamiliar } = compare("do not pick up the bread and move it to the front");
  assert.deepEqual([differences, unfamiliar], [[], ["do", "not"]]);
});

test("what differs is one sentence", () => {
  assert.equal(
    describeWording(compare("pick up the banana and move it to the front")),
    'the nearest is "pick up the bread and move it to the front" ' +
      '(object "banana" instead of "bread"; words that it never heard: banana)',
  );
  assert.match(describeWording(compare("pick up the bread and move it")), /you say no direction, there it is "front"/);
  assert.match(describeWording(compare("move the bread to the front, by the upper part")), /there is no part "upper"/);
  assert.match(describeWording(compare("move the bread and place it to the front")), /the same in other words/);
});

test("the distance of two lists of words is a metric and knows one change when it sees it", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 6 });
  fc.assert(
    fc.property(words, words, words, (one, two, three) => {
      assert.equal(wordDistance(one, two), wordDistance(two, one));
      assert.equal(wordDistance(one, two) === 0, one.join() === two.join());
      assert.ok(wordDistance(one, three) <= wordDistance(one, two) + wordDistance(two, three));
      assert.equal(wordDistance(one, [...one, "d"]), 1);
      assert.equal(wordDistance(["d", ...one], ["e", ...one]), 1);
    }),
  );
});
