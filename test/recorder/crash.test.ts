import assert from "node:assert/strict";
import { it } from "node:test";
import { randomSource } from "../random-source.js";
import { killRecorders } from "./crash.js";
import { folderApart } from "./samples.js";

/** On a machine that is free they take 5 s; `kinevla bench recorder` does 50. */
const KILLS = 5;
/** A busy machine does fewer. */
const WITHIN_MS = 5000;
/** Only a recorder that hangs takes so long. */
const PATIENCE_MS = 20_000;

it("kill -9 of recorder and repair at random instants costs no finished episode, and every file opens after repair", async () => {
  const { folder, remove } = folderApart();
  try {
    const run = { kills: KILLS, withinMs: WITHIN_MS, repairs: 1, signal: AbortSignal.timeout(PATIENCE_MS) };
    const figures = await killRecorders(folder, run, randomSource(7));
    assert.ok(figures.closed > 0, "none was closed before its kill");
    assert.equal(figures.intact, figures.closed);
    assert.ok(figures.open > 0, "no kill fell into an episode");
    assert.deepEqual({ spoilt: figures.spoilt, left: figures.left }, { spoilt: 0, left: 0 });
    assert.ok(figures.repairsKilled > 0, "no repair was killed");
  } finally {
    remove();
  }
});
