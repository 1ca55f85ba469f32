import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

describe("the tasks", () => {
  it("carry the texts of Table 7", () => {
    assert.deepEqual(
      TASKS.map((task) => task.instruction),
      [
        "pick up the bread and move it to the left front",
        "pick up the bread and move it to the right front",
        "pick up the bread and move it to the front",
      ],
    );
    for (const task of TASKS) {
      assert.equal(task.coarse, "move the bread");
      assert.equal(
        task.fine,
        `Robot Action: Trajectory Shape - To the ${task.direction}; Ordinal Relations - Pick first, then move. Object Targeting: Target Object - The bread; Spatial Relation - Move it to a location (${task.direction}).`,
      );
    }
  });

  it("have 5 to 10 other wordings each, all different", () => {
    const wordings = TASKS.flatMap((task) => [task.instruction, ...task.paraphrases]);
    assert.equal(new Set(wordings).size, wordings.length);
    for (const task of TASKS) {
      assert.ok(task.paraphrases.length >= 5 && task.paraphrases.length <= 10);
      assert.ok(task.paraphrases.every((wording) => wording.includes(task.direction)));
    }
  });
});
