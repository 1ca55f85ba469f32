import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { STOP_HINT } from "../../daemon/arm/stop-codes.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { interlockTable, readMatrix, TABLE_FILE } from "./interlock-table.js";

const matrix = readMatrix();
const { interlocks } = matrix;
const acting = interlocks.filter((row) => row.state !== "open");

/** How many interlocks each family of the catalogue has. */
const FAMILIES = { ML: 18, PO: 20, OP: 13, AR: 19, HO: 16, SE: 8 };
const ID = /\b(?:ML|PO|OP|AR|HO|SE)-\d\d\b/g;

function text(file: string): string {
  return readFileSync(projectPath(file), "utf8");
}

/** Source files of a folder that may name interlocks, as paths from the project's root. */
function sources(folder: string): string[] {
  return readdirSync(projectPath(folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|yaml|html|js|css)$/.test(entry.name))
    .map((entry) => relative(projectPath(), join(entry.parentPath, entry.name)));
}

describe("the matrix of interlocks", () => {
  it("has every id of the catalogue once, in its order", () => {
    const ids = Object.entries(FAMILIES).flatMap(([family, count]) =>
      Array.from({ length: count }, (_, index) => `${family}-${String(index + 1).padStart(2, "0")}`),
    );
    assert.deepEqual(
      interlocks.map((row) => row.id),
      ids,
    );
  });

  for (const { id, code, tests, quiet, state, missing } of acting) {
    it(`${id}: code that names it, tests that it acts and that it does not`, () => {
      assert.ok(code.length > 0 && tests.length > 0 && quiet.length > 0);
      assert.equal(missing.length > 0, state === "partly", "what is missing is said of what is partly there");
      for (const file of code) {
        assert.ok(text(file).includes(id), `${file} does not name it`);
      }
      for (const { file, title } of [...tests, ...quiet]) {
        assert.ok(existsSync(projectPath(file)) && text(file).includes(title), `${file} has no "${title}"`);
      }
    });
  }

  it("says of what is open why, and claims neither code nor tests for it", () => {
    for (const row of interlocks.filter(({ state }) => state === "open")) {
      assert.ok(row.missing.length > 0, row.id);
      assert.equal(row.code.length + row.tests.length + row.quiet.length + row.stopCodes.length, 0, row.id);
    }
  });

  it("knows every file that names an interlock", () => {
    const orphans: string[] = [];
    for (const file of ["daemon", "drivers", "models", "calibration"]
      .filter((folder) => existsSync(projectPath(folder)))
      .flatMap(sources)) {
      for (const id of new Set(text(file).match(ID) ?? [])) {
        if (!acting.some((row) => row.id === id && row.code.includes(file))) {
          orphans.push(`${file} names ${id}`);
        }
      }
    }
    assert.deepEqual(orphans, []);
  });

  it("gives every stop code to an interlock or says why it is ours, and knows no other", () => {
    const claimed = [...acting.flatMap((row) => row.stopCodes), ...matrix.own.map(({ stopCode }) => stopCode)];
    assert.deepEqual([...new Set(claimed)].sort(), Object.keys(STOP_HINT).sort());
  });

  it("is the page for people", () => {
    assert.equal(readFileSync(TABLE_FILE, "utf8"), interlockTable(matrix), "run dist/test/guard/write-interlocks.js");
  });
});
