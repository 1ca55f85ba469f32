import assert from "node:assert/strict";
import { it } from "node:test";
import { randomSource } from "../random-source.js";
import { killRecorders } from "./crash.js";
import { folderApart } from "./samples.js";

/** `kinevla bench recorder` does 50. */
const KILLS = 10;

it("kill -9 at random instants costs no finished episode, and every file opens after repair", async () => {
  const { folder, remove } = folderApart();
  try {
    const figures = await killRecorders(folder, KILLS, randomSource(7));
    assert.ok(figures.closed > 0, "none was closed before its kill");
    assert.equal(figures.intact, figures.closed);
    assert.ok(figures.mended > 0, "no kill fell into an episode");
    assert.deepEqual({ spoilt: figures.spoilt, left: figures.left }, { spoilt: 0, left: 0 });
  } finally {
    remove();
  }
});
