import assert from "node:assert/strict";
import { test } from "node:test";
import { checkInstruction, MAXIMUM_INSTRUCTION } from "../../daemon/operator/instruction.js";
import { INSTRUCTIONS } from "./fake-backend.js";

const LEFT = "pick up the bread and move it to the left front";

test("case, spaces and a full stop make no difference", () => {
  for (const text of [LEFT, `${LEFT}.`, `  Pick up THE bread\tand move it\nto the left  front ! `]) {
    assert.deepEqual(checkInstruction(text, INSTRUCTIONS), { kind: "known", instruction: LEFT }, text);
  }
});

test("another wording names the nearest trained one", () => {
  assert.deepEqual(checkInstruction("put the bread to the right front", INSTRUCTIONS), {
    kind: "unknown",
    instruction: "put the bread to the right front",
    wording: {
      nearest: "pick up the bread and move it to the right front",
      differences: [],
      unfamiliar: ["put"],
    },
  });
  assert.deepEqual(checkInstruction("wave", []), { kind: "unknown", instruction: "wave", wording: null });
});

test("empty, long and broken text is refused with a code of its own", () => {
  const code = (text: string): string => {
    const check = checkInstruction(text, INSTRUCTIONS);
    return check.kind === "unusable" ? check.code : check.kind;
  };
  assert.equal(code(""), "instruction-empty");
  assert.equal(code(" \n\t "), "instruction-empty");
  assert.equal(code("..."), "instruction-empty");
  assert.equal(code("a".repeat(MAXIMUM_INSTRUCTION)), "unknown");
  assert.equal(code("a".repeat(MAXIMUM_INSTRUCTION + 1)), "instruction-too-long");
  assert.equal(code("x".repeat(10 * 1024)), "instruction-too-long");
  assert.equal(code("move\u0000it"), "instruction-characters");
  assert.equal(code("move \ud800 it"), "instruction-characters");
  assert.equal(code("把面包移到左前方"), "unknown");
});
