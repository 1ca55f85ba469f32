import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Screen } from "../../daemon/cli/screen.js";

function drawn(columns: number | undefined, ...pictures: readonly (readonly string[])[]): string {
  let text = "";
  const output = {
    isTTY: true,
    ...(columns === undefined ? {} : { columns }),
    write: (part: string) => (text += part),
  };
  const screen = new Screen(output);
  pictures.forEach((lines, second) => {
    screen.draw(lines, second);
  });
  return text;
}

describe("a screen that is drawn in place", () => {
  it("goes up by the rows that a line takes in a narrow terminal", () => {
    const text = drawn(10, ["123456789012345678901", "next"], ["new"]);
    assert.ok(
      text.startsWith("\u001b[2K1234567890\n\u001b[2K1234567890\n\u001b[2K1\n\u001b[2Knext\n"),
      JSON.stringify(text),
    );
    assert.ok(text.includes("\u001b[4A\u001b[2Knew\n"), JSON.stringify(text));
  });

  it("breaks nothing where the width is not known", () => {
    for (const columns of [undefined, 0]) {
      assert.ok(drawn(columns, ["a".repeat(300)], ["b"]).includes("\u001b[1A\u001b[2Kb\n"));
    }
  });
});
