import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { personAt } from "../../daemon/cli/measure/ask.js";

/** A terminal, and somebody who answers what is asked. */
function terminal(answers: readonly string[]): { input: PassThrough; output: PassThrough } {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: true });
  const left = [...answers];
  output.on("data", (bytes: Buffer) => {
    if (bytes.toString().includes(": ")) {
      const answer = left.shift();
      if (answer !== undefined) {
        input.write(`${answer}\n`);
      }
    }
  });
  return { input, output };
}

const never = (): void => assert.fail("nobody interrupts");

describe("whoever measures", () => {
  it("decides by a word or its first letter, and is asked again until it is one", async () => {
    const { input, output } = terminal(["", "perhaps", "Yes", "s", "q"]);
    const person = personAt(input, output, never);
    assert.equal(await person.decide("Measure?"), "measure");
    assert.equal(await person.decide("Measure?"), "skip");
    assert.equal(await person.decide("Measure?"), "end");
    person.close();
  });

  it("types figures", async () => {
    const { input, output } = terminal([" 12.5 "]);
    const person = personAt(input, output, never);
    assert.equal(await person.answer("without load, mm: "), "12.5");
    person.close();
  });

  it("presses Ctrl-C: the arm is stopped at once, also when nothing was asked, and no more is asked", async () => {
    for (const asks of [true, false]) {
      const { input, output } = terminal([]);
      let stops = 0;
      const person = personAt(input, output, () => {
        stops += 1;
      });
      const decision = asks ? person.decide("Measure?") : null;
      input.write("\u{3}");
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(stops, 1);
      assert.equal(await (decision ?? person.decide("Measure?")), "end");
      assert.equal(await person.answer("mm: "), "");
    }
  });

  it("closes the terminal: that is the wish to end", async () => {
    const { input, output } = terminal([]);
    const person = personAt(input, output, never);
    const decision = person.decide("Measure?");
    input.end();
    assert.equal(await decision, "end");
  });
});
