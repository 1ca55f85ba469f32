import assert from "node:assert/strict";
import { it } from "node:test";
import { stillRun } from "../../daemon/loop/completion.js";
import { delta } from "./samples.js";

const rules = { stillChunks: 3, stillness: 0.01 };

it("counts chunks that ask for no motion, only after the gripper has let go", () => {
  assert.equal(stillRun(1, true, [delta(0.01), delta(-0.01)], rules), 2);
  assert.equal(stillRun(1, true, [delta(0), [0, 0, 0, 0.011, 0, 0, 0]], rules), 0);
  assert.equal(stillRun(1, false, [delta(0)], rules), 0);
});
