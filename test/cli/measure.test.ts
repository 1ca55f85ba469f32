import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { freeTcpPort, freeUdpPort } from "../../daemon/launch/free-ports.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jsonLines, kinevla } from "./kinevla.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-measure-"));
after(() => rmSync(folder, { recursive: true }));

test("measure: who and where must be said, and nobody says yes to everything at an arm", async () => {
  const real = ["measure", "--config", projectPath("daemon", "config", "real-arm.yaml")];
  for (const [args, code, words] of [
    [[...real, "--out", folder], 2, /needs its serial number and who measured/],
    [[...real, "--out", folder, "--serial", "1", "--operator", "Ada", "--yes"], 2, /--yes is for the virtual lab/],
    [
      ["measure", "--lab", "--yes", "--config", projectPath("daemon", "config", "lab.yaml")],
      2,
      /names no evidence_dir/,
    ],
    [["measure", "--lab", "--yes", "--out", folder, "--only", "H-21"], 2, /There is no measurement H-21/],
    [["measure", "verify", "--out", folder], 7, /no evidence of a real arm/],
  ] as const) {
    const { exitCode, stdout, stderr } = await kinevla(...args).ended;
    assert.equal(exitCode, code, stderr);
    assert.match(`${stdout}${stderr}`, words);
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("measure: in the virtual lab the whole way to signed evidence, which counts for no arm", async () => {
  const out = join(folder, "evidence");
  const args = ["--only", "H-13", "H-4", "H-12", "--no-real-time", "--json"];
  const { exitCode, stdout, stderr } = await kinevla("measure", "--lab", "--yes", "--out", out, ...args).ended;
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
  assert.deepEqual(
    jsonLines(stdout).map(({ id, outcome, virtual }) => [id, outcome, virtual]),
    [
      ["H-13", "as-assumed", true],
      ["H-4", "as-assumed", true],
      ["H-12", "not-measured", true],
    ],
  );
  assert.match(stderr, /moves: J7 turns by up to 40 degrees/);
  const verified = await kinevla("measure", "verify", "--out", out, "--json").ended;
  assert.equal(verified.exitCode, 7);
  const [standing] = jsonLines(verified.stdout);
  assert.deepEqual([standing?.arm, standing?.valid, standing?.refused], [null, [], []]);
});

test("measure: an arm that does not answer, and one that something else has", async () => {
  const file = join(folder, "cell.yaml");
  const port = await freeTcpPort();
  const text = readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8")
    .replace("18080", String(await freeTcpPort()))
    .replace("18089", String(await freeUdpPort()))
    .replace("8787", String(port))
    .replace("../../.run", join(folder, "run"));
  writeFileSync(file, text);
  const who = ["--serial", "1", "--operator", "Ada", "--out", join(folder, "none")];
  const { exitCode, stderr } = await kinevla("measure", "--config", file, ...who).ended;
  assert.equal(exitCode, 3);
  assert.match(stderr, /The arm at 127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED.*\n.*are the services stopped/);
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  const taken = await kinevla("measure", "--config", file, ...who).ended;
  other.close();
  assert.equal(taken.exitCode, 4);
  assert.match(taken.stderr, /is in use.*\n.*Stop it first: sudo systemctl stop kinevla\.target/);
  assert.equal(existsSync(join(folder, "none")), false);
});
