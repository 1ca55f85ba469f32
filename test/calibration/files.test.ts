import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  type Calibration,
  calibrationPath,
  type Expected,
  readCalibration,
  writeCalibration,
} from "../../calibration/files.js";
import { standingOfCalibrations, whyUncalibrated } from "../../calibration/standing.js";
import { NO_SIGNATURES_ASKED } from "../../daemon/ports/trust.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-calibration-"));
after(() => rmSync(folder, { recursive: true }));

const NOW = Date.parse("2026-06-01T00:00:00Z");
const CELL = { arm: "A1", cameras: { front: "/dev/f", wrist: "/dev/w" } };
const expected = { cell: CELL, wallTime: NOW, maxAgeDays: 90, trust: NO_SIGNATURES_ASKED };
const ROLES: Calibration = {
  format: "kinevla-calibration-1",
  kind: "roles",
  measuredAt: "2026-05-01T00:00:00Z",
  by: "Ada",
  arm: "A1",
  cameras: { front: "/dev/f", wrist: "/dev/w" },
  residual: { front: 0.02, wrist: 0.5 },
};
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
      assert.match(read.hint, /kinevla calibrate table/);
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

describe("the calibrations of a cell", () => {
  const why = (given: Expected = expected): string =>
    whyUncalibrated(standingOfCalibrations(folder, given))?.reason ?? "";
  it("let no policy move the arm until somebody made sure which camera is which", () => {
    rmSync(folder, { recursive: true });
    assert.match(why(), /nobody made sure/);
    writeCalibration(folder, "roles", ROLES);
    assert.equal(why(), "");
    writeCalibration(folder, "table", TABLE);
    assert.equal(why(), "");
  });
  it("nor while one of them is stale, broken, or of another arm or camera", () => {
    writeCalibration(folder, "roles", ROLES);
    assert.match(why({ ...expected, maxAgeDays: 10 }), /31 days old, 10 at most/);
    assert.match(why({ ...expected, cell: { ...CELL, arm: "A2" } }), /arm A1; this one is A2/);
    const exchanged = { ...CELL, cameras: { front: "/dev/w", wrist: "/dev/f" } };
    assert.match(why({ ...expected, cell: exchanged }), /\/dev\/f as the front camera; it is \/dev\/w here/);
    writeFileSync(calibrationPath(folder, "hand-eye-front"), "{");
    assert.match(why(), /hand-eye-front\.json/);
  });
  it("are not compared with a camera that is not there", () => {
    rmSync(folder, { recursive: true });
    writeCalibration(folder, "roles", ROLES);
    const without = { ...CELL, cameras: { front: null, wrist: "/dev/w" } };
    assert.equal(why({ ...expected, cell: without }), "");
  });
});
