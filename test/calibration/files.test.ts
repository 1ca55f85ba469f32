import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Calibration, calibrationPath, readCalibration, writeCalibration } from "../../calibration/files.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-calibration-"));
after(() => rmSync(folder, { recursive: true }));

const NOW = Date.parse("2026-06-01T00:00:00Z");
const CELL = { arm: "A1", cameras: { front: "/dev/f", wrist: "/dev/w" } };
const expected = { cell: CELL, wallTime: NOW, maxAgeDays: 90 };
const TABLE: Calibration = {
  format: "kinevla-calibration-1",
  kind: "table",
  measuredAt: "2026-05-01T00:00:00Z",
  by: "Ada",
  arm: "A1",
  normal: [0, 0, 1],
  height: 0,
  residual: { metres: 0.001, points: 162 },
};

describe("calibration files", () => {
  it("come back as they were written, and keep the one before", () => {
    writeCalibration(folder, "table", TABLE);
    writeCalibration(folder, "table", { ...TABLE, height: 0.01 });
    const read = readCalibration(folder, "table", expected);
    assert.ok(read.kind === "good" && read.calibration.height === 0.01);
    assert.deepEqual(readdirSync(folder).sort(), ["table.before.json", "table.json"]);
  });
  it("are refused when missing, stale, foreign or from the future, each with what to do", () => {
    const kinds: [string, Calibration | null, string][] = [
      ["missing", null, "no "],
      ["stale", { ...TABLE, measuredAt: "2026-01-01T00:00:00Z" }, "151 days old"],
      ["foreign", { ...TABLE, arm: "A2" }, "arm A2; this one is A1"],
      ["broken", { ...TABLE, measuredAt: "2026-07-01T00:00:00Z" }, "future"],
    ];
    for (const [kind, given, words] of kinds) {
      rmSync(calibrationPath(folder, "table"), { force: true });
      if (given !== null) {
        writeCalibration(folder, "table", given);
      }
      const read = readCalibration(folder, "table", expected);
      assert.ok(read.kind === kind && "reason" in read, JSON.stringify(read));
      assert.match(read.reason, new RegExp(words));
      assert.match(read.hint, /calibration\/README.md/);
    }
  });
  it("are refused when they are no JSON, have a wrong key, or hold another kind", () => {
    const texts = ["{", JSON.stringify({ ...TABLE, more: 1 }), JSON.stringify({ ...TABLE, kind: "gripper" })];
    for (const text of texts) {
      writeFileSync(calibrationPath(folder, "table"), text);
      assert.equal(readCalibration(folder, "table", expected).kind, "broken");
    }
    writeFileSync(calibrationPath(folder, "roles"), JSON.stringify(TABLE));
    assert.equal(readCalibration(folder, "roles", expected).kind, "broken");
  });
});
