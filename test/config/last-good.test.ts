import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { digestOfFile, keepLastGood, lastGoodOf } from "../../daemon/config/last-good.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-good-"));
after(() => rmSync(folder, { recursive: true }));
const config = join(folder, "kinevla.yaml");
const limits = join(folder, "limits.yaml");
const state = join(folder, "state");

describe("HO-12: the configuration that last worked", () => {
  it("is kept beside what the service keeps, and stays when the next one is broken", () => {
    writeFileSync(config, "good: 1\n");
    writeFileSync(limits, "limit: 1\n");
    assert.equal(lastGoodOf(config, state), null);
    keepLastGood([config, limits], state);
    writeFileSync(config, "broken\n");
    const kept = lastGoodOf(config, state) ?? "";
    assert.equal(readFileSync(kept, "utf8"), "good: 1\n");
    assert.equal(readFileSync(lastGoodOf(limits, state) ?? "", "utf8"), "limit: 1\n");
    writeFileSync(config, "good: 2\n");
    keepLastGood([config, limits], state);
    assert.equal(readFileSync(kept, "utf8"), "good: 2\n");
    assert.equal(digestOfFile(kept), digestOfFile(config));
    writeFileSync(`${config}.sig`, "signed");
    keepLastGood([config, limits], state);
    assert.equal(readFileSync(`${kept}.sig`, "utf8"), "signed", "with its signature, so that it can be put back");
  });

  it("is not written again when nothing changed, and nowhere without a folder to keep it in", () => {
    const kept = lastGoodOf(config, state) ?? "";
    utimesSync(kept, 1, 1);
    keepLastGood([config], state);
    assert.equal(statSync(kept).mtimeMs, 1000);
    keepLastGood([config], "");
    assert.throws(() => keepLastGood([config], join(config, "no-folder")), /ENOTDIR/);
  });
});
