import assert from "node:assert/strict";
import { appendFileSync, chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { readDoubt } from "../../calibration/doubt.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { makeCell } from "../signing/cell.js";
import { type Ended, jsonLines, kinevla } from "./kinevla.js";

const cell = makeCell();
after(() => cell.remove());
const keys = join(cell.folder, "keys");
const key = ["--key", join(keys, "maintainer.key")];
const bundle = join(cell.folder, "bundle");
cpSync(projectPath("models", "bundles", "table7-v3"), bundle, { recursive: true });
writeFileSync(cell.config, readFileSync(cell.config, "utf8").replace(/^( +bundle:).*$/m, "$1 bundle"));

async function run(...args: readonly string[]): Promise<Ended> {
  return await kinevla(...args).ended;
}

test("keys are made, everything that a configuration names is signed, checked, and refused once it was changed", async () => {
  const made = await run("key", "create", "--out", keys);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^[0-9a-f]{64}\n$/);
  assert.equal((await run("key", "create", "--out", keys)).exitCode, 4);
  const unasked = await run("sign", "--check", cell.config);
  assert.deepEqual([unasked.exitCode, unasked.stdout], [0, ""]);
  assert.match(unasked.stderr, /nothing asks for signatures/);

  cpSync(join(keys, "maintainer.pub"), join(cell.folder, "maintainer.pub"));
  const missing = await run("sign", "--check", cell.config, "--json");
  assert.equal(missing.exitCode, 7);
  const states = (ended: Ended) => jsonLines(ended.stdout).map(({ state, kind }) => `${state} ${kind}`);
  assert.deepEqual(states(missing).slice(0, 3), ["refused configuration", "refused limits", "refused bundle"]);
  assert.equal(states(missing).filter((words) => words === "refused calibration").length, 2);

  const signed = await run("sign", "--of", cell.config, ...key);
  assert.equal(signed.exitCode, 0, signed.stderr);
  assert.equal(signed.stdout.trim().split("\n").length, 5);
  const checked = await run("sign", "--check", cell.config);
  assert.equal(checked.exitCode, 0, checked.stdout);
  assert.match(checked.stdout, new RegExp(`signed +limits .*limits-rm75b\\.yaml .* by ${made.stdout.slice(0, 16)}`));

  appendFileSync(cell.limits, "\n");
  const changed = await run("sign", "--check", cell.config);
  assert.equal(changed.exitCode, 7);
  assert.match(changed.stdout, /refused +limits .*changed after it was signed/);
  assert.equal((await run("sign", cell.limits, ...key)).exitCode, 0);
  assert.equal((await run("sign", "--check", cell.config)).exitCode, 0);
});

test("what its own reader refuses is not signed, nor anything else, and nothing with a key that others may read", async () => {
  const broken = join(cell.folder, "broken.yaml");
  writeFileSync(broken, `${readFileSync(cell.config, "utf8")}\nsurprise: 1\n`);
  const text = join(cell.folder, "notes.txt");
  writeFileSync(text, "hello");
  const other = join(cell.folder, "other.json");
  writeFileSync(other, "{}");
  for (const [file, words] of [
    [broken, /surprise: there is no such key/],
    [text, /is no file that decides/],
    [other, /is neither a calibration nor/],
    [join(cell.folder, "none.yaml"), /cannot be read .*ENOENT/],
  ] as const) {
    const refused = await run("sign", file, ...key);
    assert.equal(refused.exitCode, 4, refused.stdout);
    assert.match(refused.stderr, words);
    assert.equal(existsSync(`${file}.sig`), false);
  }
  chmodSync(join(keys, "maintainer.key"), 0o644);
  const open = await run("sign", cell.limits, ...key);
  assert.deepEqual([open.exitCode, /may be read by others/.test(open.stderr)], [4, true]);
  chmodSync(join(keys, "maintainer.key"), 0o600);
  assert.equal((await run("sign")).exitCode, 2);
  assert.equal((await run("sign", cell.limits, "--of", cell.config)).exitCode, 2);
});

test("a command that works with a configuration is held to its signature, too", async () => {
  rmSync(`${cell.config}.sig`);
  const doctor = await run("doctor", "--config", cell.config, "--json");
  assert.match(doctor.stdout, /kinevla\.yaml must not be used: it is not signed/);
  assert.equal((await run("calibrate", "show", "--config", cell.config)).exitCode, 2);
  assert.equal((await run("sign", cell.config, ...key)).exitCode, 0);
});

test("calibrations are doubted and confirmed from the command line", async () => {
  const folder = join(cell.folder, "calibration");
  const options = ["--config", cell.config, "--by", "Sue"];
  assert.match((await run("calibrate", "confirm", ...options)).stdout, /Nothing is in doubt/);
  const doubted = await run("calibrate", "doubt", ...options, "--because", "the front camera was mounted anew");
  assert.equal(doubted.exitCode, 0, doubted.stderr);
  assert.equal(readDoubt(folder)?.why, "the front camera was mounted anew (Sue)");
  const shown = await run("calibrate", "show", "--config", cell.config);
  assert.match(shown.stdout, /doubted +table .*made before the front camera was mounted anew/);
  assert.match((await run("calibrate", "confirm", ...options)).stdout, /Confirmed by Sue/);
  assert.match((await run("calibrate", "show", "--config", cell.config)).stdout, /good +table/);
  const lab = ["--config", projectPath("daemon", "config", "lab.yaml")];
  assert.equal((await run("calibrate", "confirm", ...lab)).exitCode, 2);
});
