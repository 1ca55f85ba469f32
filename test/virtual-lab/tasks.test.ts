import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TASKS, taskNumbers } from "../../drivers/virtual-lab/scene/tasks.js";

/** Rows 1 to 7 of the paper's Table 7: instruction, coarse and fine text. */
const TABLE_7 = [
  ...["left front", "right front", "front"].map((direction) => [
    `pick up the bread and move it to the ${direction}`,
    "move the bread",
    `Robot Action: Trajectory Shape - To the ${direction}; Ordinal Relations - Pick first, then move. Object Targeting: Target Object - The bread; Spatial Relation - Move it to a location (${direction}).`,
  ]),
  ...[
    ["upper", "right"],
    ["upper", "left"],
    ["lower", "left"],
    ["lower", "right"],
  ].map(([part, side]) => [
    `hold the carrot by the ${part} part and place it on the ${side} side of the plate`,
    "place the carrot in the plate",
    `Robot Action-level Constraint: State/Trajectory - Move carrot from held to placement pose. Ordinal Relations - Grasp first, then place. Object-level Targeting: Carrot - Target handle (${part} part). Plate - Target surface (top side). Spatial Relation - Final pose on the ${side} side of the plate.`,
  ]),
];

describe("the tasks", () => {
  it("carry the texts of Table 7 in its order", () => {
    assert.deepEqual(
      TASKS.map(({ instruction, coarse, fine }) => [instruction, coarse, fine]),
      TABLE_7,
    );
  });

  it("have 5 to 10 other wordings and 3 or more unseen ones each, all different", () => {
    const wordings = TASKS.flatMap((task) => [task.instruction, ...task.paraphrases, ...task.unseen]);
    assert.equal(new Set(wordings).size, wordings.length);
    for (const task of TASKS) {
      assert.ok(task.paraphrases.length >= 5 && task.paraphrases.length <= 10);
      assert.ok(task.unseen.length >= 3);
    }
  });

  it("say in every wording what tells them apart", () => {
    for (const task of TASKS) {
      const slots = task.kind === "move-bread" ? [task.direction] : [task.part, task.side];
      for (const wording of [...task.paraphrases, ...task.unseen]) {
        assert.ok(slots.every((slot) => wording.includes(slot)));
      }
    }
  });

  it("are numbered by their place in the whole list", () => {
    assert.deepEqual(taskNumbers("bread"), [0, 1, 2]);
    assert.deepEqual(taskNumbers("carrot"), [3, 4, 5, 6]);
    assert.deepEqual(taskNumbers("all"), [0, 1, 2, 3, 4, 5, 6]);
  });
});
