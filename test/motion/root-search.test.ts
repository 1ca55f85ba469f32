import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { risingRoot } from "../../daemon/motion/root-search.js";

/** What is found, and where the function was asked for on the way. */
function search(rising: (x: number) => number, lowest: number, highest: number) {
  const asked: number[] = [];
  const root = risingRoot(
    (x) => {
      asked.push(x);
      return rising(x);
    },
    lowest,
    highest,
  );
  return { root, asked };
}

describe("search for a root", () => {
  it("asks for the ends first, and for nothing between them of a straight line but its root", () => {
    assert.deepEqual(
      search((x) => x - 0.25, -1, 1),
      { root: 0.25, asked: [-1, 1, 0.25] },
    );
  });

  it("gives the end that is nearest where the function is zero nowhere between them, and asks for no more", () => {
    assert.deepEqual(
      search((x) => x + 2, -1, 1),
      { root: -1, asked: [-1] },
    );
    assert.deepEqual(
      search((x) => x - 2, -1, 1),
      { root: 1, asked: [-1, 1] },
    );
  });

  it("takes an end that is zero for the root", () => {
    assert.deepEqual(
      search((x) => x + 1, -1, 1),
      { root: -1, asked: [-1] },
    );
    assert.deepEqual(
      search((x) => x - 1, -1, 1),
      { root: 1, asked: [-1, 1] },
    );
  });

  it("goes on until the function is nearer to zero than 1e-12", () => {
    const near = (least: number) => (x: number) => (Math.abs(x) < 0.5 ? least : x);
    assert.equal(search(near(0.999e-12), -1, 1).asked.length, 3);
    assert.ok(search(near(1e-12), -1, 1).asked.length > 3);
    assert.equal(search(near(-0.999e-12), -1, 1).asked.length, 3);
    assert.ok(search(near(-1e-12), -1, 1).asked.length > 3);
  });

  // By hand: chords of the jump from -1 to 2 at 0.3; an end that stays for a second round counts half.
  const chords = [-1, 1, -1 / 3, 1 / 9, 5 / 9, 7 / 27, 29 / 81, 71 / 243];

  it("halves the weight of an end from the second round on that it stays put", () => {
    assertNear(search((x) => (x < 0.3 ? -1 : 2), -1, 1).asked.slice(0, 8), chords);
  });

  it("does the same from the other side", () => {
    assertNear(
      search((x) => (x > -0.3 ? 1 : -2), -1, 1).asked.slice(2, 8),
      chords.slice(2).map((x) => -x),
    );
  });

  it("is near the root of a curve after twenty calls", () => {
    const { root, asked } = search((x) => Math.exp(5 * x) - 2, -1, 1);
    assert.ok(Math.abs(root - Math.log(2) / 5) < 1e-12, `${root}`);
    assert.ok(asked.length <= 20, `${asked.length}`);
  });

  it("ends after fifty rounds at a jump, below it", () => {
    const { root, asked } = search((x) => (x < 0.3 ? -1 : 2), -1, 1);
    assert.equal(asked.length, 52);
    assert.ok(root < 0.3 && root > 0.3 - 1e-9, `${root}`);
  });

  it("gives no number where the function gives none between its ends", () => {
    assert.ok(Number.isNaN(search((x) => (Math.abs(x) < 1 ? Number.NaN : x), -1, 1).root));
  });
});

function assertNear(found: readonly number[], expected: readonly number[]): void {
  const apart = expected.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN)));
  assert.ok(
    apart.every((value) => value < 1e-9),
    found.join(", "),
  );
}
