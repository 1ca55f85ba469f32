import assert from "node:assert/strict";
import { test } from "node:test";
import { forcedTexts } from "../../daemon/evaluation/forced-texts.js";
import { planTrials } from "../../daemon/evaluation/plan-trials.js";
import { trialKey } from "../../daemon/evaluation/trial.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

test("every task is tried in every condition with the same seeds, once each", () => {
  const conditions = ["plain", "unseen", "random", "mismatched"] as const;
  const groups = planTrials({ trials: 5, seed: 100, tasks: [0, 4], conditions }, TASKS);
  assert.deepEqual(
    groups.map((group) => [...new Set(group.map(({ condition }) => condition))]),
    [["plain", "unseen"], ["random"], ["mismatched"]],
  );
  const all = groups.flat();
  assert.equal(new Set(all.map(trialKey)).size, 5 * 2 * 4);
  assert.deepEqual([...new Set(all.map(({ seed }) => seed))], [100, 101, 102, 103, 104]);
});

test("unseen wordings come in turn, all others are the canonical one", () => {
  const [group = []] = planTrials({ trials: 5, seed: 0, tasks: [4], conditions: ["plain", "unseen"] }, TASKS);
  const said = (condition: string) => group.filter((one) => one.condition === condition).map((one) => one.instruction);
  const unseen = TASKS[4]?.unseen ?? [];
  assert.deepEqual(said("unseen"), [...unseen, unseen[0]]);
  assert.deepEqual([...new Set(said("plain"))], [TASKS[4]?.instruction]);
});

test("mismatched texts keep the goal and change the way; random ones are as long and mean nothing", () => {
  for (const task of TASKS) {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const other = forcedTexts("mismatched", TASKS, task, seed);
      assert.equal(other.coarse, task.coarse);
      assert.notEqual(other.fine, task.fine);
      seen.add(other.fine);
      const random = forcedTexts("random", TASKS, task, seed);
      assert.equal(random.fine.split(" ").length, task.fine.split(" ").length);
      assert.notEqual(random.fine, task.fine);
      assert.deepEqual(random, forcedTexts("random", TASKS, task, seed), "the same seed gives the same texts");
    }
    assert.equal(seen.size, TASKS.filter(({ coarse }) => coarse === task.coarse).length - 1, "every other way in turn");
  }
});

test("without another known instruction of the same goal nothing can be mismatched", () => {
  const [task] = TASKS;
  assert.ok(task !== undefined);
  assert.throws(() => forcedTexts("mismatched", [task], task, 1), /no other known instruction/);
});
