import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";

const rows = readFileSync(projectPath("test", "PROPERTIES.md"), "utf8").split("\n");

describe("properties of the safety catalogue", () => {
  for (let number = 1; number <= 16; number++) {
    const property = `P${number}`;
    it(`${property} is named by a test, and every test that its row names exists`, () => {
      const row = rows.find((line) => line.startsWith(`| ${property} |`)) ?? "";
      const files = [...row.matchAll(/`([a-z0-9-]+\/[a-z-]+)`/g)].map(([, file]) =>
        projectPath("test", `${file}.test.ts`),
      );
      assert.ok(files.length > 0);
      assert.deepEqual(
        files.filter((file) => !existsSync(file)),
        [],
      );
      const title = new RegExp(`describe\\("[^"]*\\b${property}\\b`);
      assert.ok(files.some((file) => title.test(readFileSync(file, "utf8"))));
    });
  }
});
