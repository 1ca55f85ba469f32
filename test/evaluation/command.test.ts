import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { kinevla } from "../cli/kinevla.js";

test("what cannot be evaluated is said before anything starts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kinevla-command-"));
  try {
    const strange = await kinevla("evaluate", "--tasks", "7").ended;
    assert.equal(strange.exitCode, 2, strange.stderr);
    assert.match(strange.stderr, /The lab has tasks 0 to 6; the bundle knows 0, 1, 2/);
    const nothing = await kinevla("evaluate", "--resume").ended;
    assert.equal(nothing.exitCode, 2);
    assert.match(nothing.stderr, /Name the report with --report/);
    await writeFile(join(folder, "r.jsonl"), "hello\n");
    const exists = await kinevla("evaluate", "--report", join(folder, "r.html")).ended;
    assert.equal(exists.exitCode, 2);
    assert.match(exists.stderr, /r\.jsonl exists\.\n {2}Go on with it with --resume/);
    const config = await kinevla("evaluate", "--config", join(folder, "none.yaml")).ended;
    assert.equal(config.exitCode, 2);
    assert.match(config.stderr, /none\.yaml/);
    const kind = await kinevla("evaluate", "--intervention", "shuffled").ended;
    assert.equal(kind.exitCode, 2);
  } finally {
    await rm(folder, { recursive: true });
  }
});
