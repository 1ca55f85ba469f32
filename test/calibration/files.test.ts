import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { confirmCalibrations, doubtPath, noteDoubt, readDoubt } from "../../calibration/doubt.js";
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
const ROLES_COMMON = { format: ROLES.format, measuredAt: ROLES.measuredAt, by: ROLES.by, arm: "A1" };
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
  it("leave their signatures with what was signed", () => {
    const path = calibrationPath(folder, "table");
    const before = `${path.replace(".json", ".before.json")}.sig`;
    writeFileSync(`${path}.sig`, "of the first");
    writeCalibration(folder, "table", TABLE);
    assert.deepEqual([existsSync(`${path}.sig`), existsSync(before)], [false, true]);
    writeCalibration(folder, "table", TABLE);
    assert.equal(existsSync(before), false);
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

describe("PO-18: calibrations from before a collision", () => {
  const why = (): string => whyUncalibrated(standingOfCalibrations(folder, expected))?.reason ?? "";
  const HIT = Date.parse("2026-05-10T00:00:00Z");
  const RANGE = { closed: 0, open: 1, residual: { spread: 0, strokes: 3 } };
  const anew = { measuredAt: "2026-05-11T00:00:00Z" };
  const begin = (): void => {
    rmSync(folder, { recursive: true, force: true });
    writeCalibration(folder, "roles", ROLES);
    writeCalibration(folder, "table", TABLE);
    writeCalibration(folder, "gripper", { ...ROLES_COMMON, kind: "gripper", ...RANGE });
  };
  it("let no policy move the arm, and say what happened, what it is about and what to do; other readers take them", () => {
    begin();
    assert.equal(why(), "");
    noteDoubt(folder, "a collision", HIT);
    assert.equal(why(), "table, roles: made before a collision (2026-05-10T00:00:00.000Z)");
    const { good, doubted } = standingOfCalibrations(folder, expected);
    assert.deepEqual(good, ["gripper"]);
    assert.match(doubted?.refusal.hint ?? "", /kinevla calibrate confirm/);
    assert.equal(readCalibration(folder, "table", expected).kind, "good");
  });
  it("count again once each was made anew, one after the other", () => {
    writeCalibration(folder, "table", { ...TABLE, ...anew });
    assert.match(why(), /^roles: made before/);
    writeCalibration(folder, "roles", { ...ROLES, ...anew });
    assert.equal(why(), "");
  });
  it("count again once somebody has confirmed them, until something else happens", () => {
    begin();
    noteDoubt(folder, "a collision", HIT);
    const doubt = readDoubt(folder);
    assert.ok(doubt !== null);
    confirmCalibrations(folder, doubt, "Sue", HIT + 1000);
    assert.equal(why(), "");
    assert.deepEqual(readDoubt(folder)?.confirmed, { at: "2026-05-10T00:00:01.000Z", by: "Sue" });
    noteDoubt(folder, "another collision", HIT + 5000);
    assert.match(why(), /another collision/);
  });
  it("are in doubt while the note cannot be read, until somebody confirms them", () => {
    begin();
    for (const text of ["", "{", "{}", JSON.stringify({ since: "now" })]) {
      writeFileSync(doubtPath(folder), text);
      assert.match(why(), /doubt\.json may say that something happened/);
    }
    const doubt = readDoubt(folder);
    assert.ok(doubt !== null);
    confirmCalibrations(folder, doubt, "Sue", HIT);
    assert.equal(why(), "");
    rmSync(doubtPath(folder));
    mkdirSync(doubtPath(folder));
    assert.match(why(), /EISDIR/);
  });
  it("stay as they are where nothing ever happened", () => {
    begin();
    assert.equal(readDoubt(folder), null);
    assert.equal(standingOfCalibrations(folder, expected).doubted, null);
  });
});
