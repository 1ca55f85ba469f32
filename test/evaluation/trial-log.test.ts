import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { CliError } from "../../daemon/cli/exit-code.js";
import { openTrialLog } from "../../daemon/evaluation/trial-log.js";
import { SUBJECT, trial } from "./samples.js";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kinevla-log-"));
  file = join(folder, "trials.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

function refused(code: string, act: () => unknown): void {
  assert.throws(act, (error) => error instanceof CliError && error.code === code);
}

test("what was added is there when the evaluation goes on", () => {
  const log = openTrialLog(file, SUBJECT, false);
  log.add(trial());
  log.add(trial({ seed: 6 }));
  assert.deepEqual(openTrialLog(file, SUBJECT, true).before, [trial(), trial({ seed: 6 })]);
});

test("resuming begins a log where there is none", () => {
  assert.deepEqual(openTrialLog(file, SUBJECT, true).before, []);
  assert.deepEqual(openTrialLog(file, SUBJECT, true).before, []);
});

test("a log is never overwritten or mixed with another evaluation", () => {
  openTrialLog(file, SUBJECT, false).add(trial());
  refused("log-exists", () => openTrialLog(file, SUBJECT, false));
  refused("log-differs", () => openTrialLog(file, { ...SUBJECT, looks: "nominal" }, true));
  refused("log-differs", () => openTrialLog(file, { ...SUBJECT, manifestSha256: "1".repeat(64) }, true));
});

test("a last line that was cut off is dropped, its trial is run again", async () => {
  const log = openTrialLog(file, SUBJECT, false);
  log.add(trial());
  await appendFile(file, JSON.stringify(trial({ seed: 6 })).slice(0, 50));
  const again = openTrialLog(file, SUBJECT, true);
  assert.deepEqual(again.before, [trial()]);
  again.add(trial({ seed: 6 }));
  assert.equal(openTrialLog(file, SUBJECT, true).before.length, 2);
  assert.equal((await readFile(file, "utf8")).split("\n").length, 4);
});

test("what is no log or no trial is named", async () => {
  await writeFile(file, "hello\n");
  refused("log-unreadable", () => openTrialLog(file, SUBJECT, true));
  await writeFile(file, `${JSON.stringify(SUBJECT)}\n{"kind":"trial"}\n`);
  refused("log-unreadable", () => openTrialLog(file, SUBJECT, true));
});
