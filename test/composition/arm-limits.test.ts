import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type CalibrationOf, calibrationPath, writeCalibration } from "../../calibration/files.js";
import { armLimits } from "../../daemon/composition/arm-limits.js";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { LIMITS } from "../limits.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-arm-limits-"));
after(() => rmSync(folder, { recursive: true }));

const NOW = Date.parse("2026-06-01T00:00:00Z");
const lab = loadConfig(projectPath("daemon", "config", "lab.yaml"));
const config: Config = { ...lab, calibration: { directory: folder, arm: "A1", max_age_days: 90 } };
const lean = Math.sin(0.02);
const TABLE: CalibrationOf<"table"> = {
  format: "kinevla-calibration-1",
  kind: "table",
  measuredAt: "2026-05-01T00:00:00Z",
  by: "Ada",
  arm: "A1",
  normal: [lean, 0, Math.cos(0.02)],
  height: 0.004,
  residual: { metres: 0.001, points: 162 },
};

function limitsWith(changes: Partial<CalibrationOf<"table">>) {
  writeCalibration(folder, "table", { ...TABLE, ...changes });
  return armLimits(config, NOW);
}

describe("ML-10: the table's calibration among the limits", () => {
  it("is the plane above which the arm stays, besides the table of the limits", () => {
    const { limits, unused } = limitsWith({});
    assert.equal(unused, null);
    assert.deepEqual(limits.cell.table, { ...LIMITS.cell.table, plane: { normal: TABLE.normal, height: 0.004 } });
    const added = limits.cell.body.bounds.slice(LIMITS.cell.body.bounds.length);
    assert.deepEqual(
      added,
      LIMITS.cell.body.bounds.filter(({ kind }) => kind === "table"),
    );
  });

  const cases: readonly (readonly [what: string, changes: Partial<CalibrationOf<"table">>, words: RegExp])[] = [
    ["too old", { measuredAt: "2026-01-01T00:00:00Z" }, /151 days old.*kinevla calibrate table/],
    ["of another arm", { arm: "A2" }, /arm A2/],
    ["that points down", { normal: [0, 0, -1] }, /not upright/],
    ["that leans 11 degrees", { normal: [0, Math.sin(0.192), Math.cos(0.192)] }, /not upright/],
    ["with a normal of another length", { normal: [0, 0, 1.001] }, /not upright/],
  ];
  for (const [what, changes, words] of cases) {
    it(`${what}: does not count, and it says so`, () => {
      const { limits, unused } = limitsWith(changes);
      assert.match(unused ?? "", words);
      assert.deepEqual(limits, LIMITS);
    });
  }

  it("that is not there, or that nobody asks for, leaves the limits as they are", () => {
    rmSync(calibrationPath(folder, "table"), { force: true });
    assert.deepEqual(armLimits(config, NOW), { limits: LIMITS, unused: null });
    assert.deepEqual(armLimits(lab, NOW), { limits: LIMITS, unused: null });
  });
});
