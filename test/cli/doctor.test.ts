import assert from "node:assert/strict";
import { appendFileSync, chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { noteDoubt } from "../../calibration/doubt.js";
import { writeCalibration } from "../../calibration/files.js";
import { calibrationCheck } from "../../daemon/cli/doctor/calibration-check.js";
import { ill, runChecks, well } from "../../daemon/cli/doctor/check.js";
import { diskCheck } from "../../daemon/cli/doctor/disk-check.js";
import { nodeCheck } from "../../daemon/cli/doctor/node-check.js";
import { portCheck } from "../../daemon/cli/doctor/port-check.js";
import { signatureCheck } from "../../daemon/cli/doctor/signature-check.js";
import { tokenCheck } from "../../daemon/cli/doctor/token-check.js";
import { loadConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { startRig } from "../operator/rig.js";
import { makeCell } from "../signing/cell.js";
import { jsonLines, kinevla } from "./kinevla.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-doctor-"));
after(() => rmSync(folder, { recursive: true }));

test("every check runs, also after one that fails or throws", async () => {
  const told: string[] = [];
  const results = await runChecks(
    [
      { name: "a", run: async () => ill("broken", "mend it") },
      { name: "b", run: () => Promise.reject(new Error("bang")) },
      { name: "c", run: async () => well("fine") },
    ],
    (result) => told.push(result.name),
  );
  assert.deepEqual(told, ["a", "b", "c"]);
  assert.deepEqual(
    results.map(({ ok }) => ok),
    [false, false, true],
  );
  assert.match(results[1]?.detail ?? "", /bang/);
});

test("node and disk", async () => {
  assert.equal((await nodeCheck("20.19.0").run()).ok, true);
  assert.equal((await nodeCheck("22.1.0").run()).ok, true);
  assert.equal((await nodeCheck("20.18.9").run()).ok, false);
  assert.equal((await diskCheck(folder, 1).run()).ok, true);
  assert.equal(diskCheck(folder, 1, "recordings").name, "recordings");
  const full = await diskCheck(folder, Number.MAX_SAFE_INTEGER).run();
  assert.equal(full.ok, false);
  assert.match(full.hint, /Free at least/);
  const file = join(folder, "no-folder");
  writeFileSync(file, "");
  assert.match((await diskCheck(file, 1).run()).detail, /may not be written/);
});

test("calibrations: none asked for, roles missing, a file of another arm", async () => {
  const lab = loadConfig(projectPath("daemon", "config", "lab.yaml"));
  assert.match((await calibrationCheck(lab).run()).detail, /none is asked for/);
  const directory = join(folder, "calibration");
  const cell = { ...lab, calibration: { directory, arm: "A1", max_age_days: 90 } };
  const missing = await calibrationCheck(cell).run();
  assert.equal(missing.ok, false);
  assert.match(`${missing.detail} ${missing.hint}`, /nobody made sure .* kinevla calibrate roles/);
  const common = { format: "kinevla-calibration-1", measuredAt: new Date().toISOString(), by: "Ada" } as const;
  const { front, wrist } = lab.cameras;
  assert.ok("url" in front && "url" in wrist);
  const cameras = { front: front.url, wrist: wrist.url };
  const residual = { front: 0.01, wrist: 0.5 };
  writeCalibration(directory, "roles", { ...common, kind: "roles", arm: "A1", cameras, residual });
  const good = await calibrationCheck(cell).run();
  assert.deepEqual([good.ok, good.detail.startsWith("roles; not made: camera-front, ")], [true, true]);
  const range = { closed: 0, open: 1, residual: { spread: 0, strokes: 3 } };
  writeCalibration(directory, "gripper", { ...common, kind: "gripper", arm: "A2", ...range });
  const foreign = await calibrationCheck(cell).run();
  assert.equal(foreign.ok, false);
  assert.match(`${foreign.detail} ${foreign.hint}`, /arm A2; this one is A1 .*kinevla calibrate gripper/);
});

test("signatures: none asked for, all there, one of a file that was changed, a key that others may change", async () => {
  const cell = makeCell();
  try {
    const config = loadConfig(cell.config);
    const check = async () => await signatureCheck(config).run();
    const none = await check();
    assert.ok(none.ok);
    assert.match(none.detail, /none are asked for: there is no .*maintainer\.pub/);
    cell.ask();
    assert.match((await check()).detail, /kinevla\.yaml: it is not signed.*limits-rm75b\.yaml: it is not signed/);
    const bundle = join(cell.folder, "bundle");
    cpSync(config.policy.bundle, bundle, { recursive: true });
    const own = { ...config, policy: { ...config.policy, bundle } };
    await cell.sign([cell.config, cell.limits, cell.table, cell.puppet, join(bundle, "bundle.json")]);
    assert.match((await signatureCheck(own).run()).detail, /^5 files are signed/);
    appendFileSync(cell.table, "\n");
    const changed = await signatureCheck(own).run();
    assert.deepEqual([changed.ok, /table\.json.*changed after/.test(changed.detail)], [false, true]);
    assert.match(changed.hint, /kinevla sign --of .*kinevla\.yaml/);
    chmodSync(join(cell.folder, "maintainer.pub"), 0o666);
    assert.match((await check()).detail, /may be changed by others/);
  } finally {
    cell.remove();
  }
});

test("calibrations in doubt are told with what to do", async () => {
  const lab = loadConfig(projectPath("daemon", "config", "lab.yaml"));
  const directory = join(folder, "doubted");
  const { front, wrist } = lab.cameras;
  assert.ok("url" in front && "url" in wrist);
  const cameras = { front: front.url, wrist: wrist.url };
  writeCalibration(directory, "roles", {
    ...{ format: "kinevla-calibration-1", measuredAt: new Date(Date.now() - 1000).toISOString(), by: "Ada" },
    ...{ kind: "roles", arm: "A1", cameras, residual: { front: 0.01, wrist: 0.5 } },
  });
  noteDoubt(directory, "a collision", Date.now());
  const cell = { ...lab, calibration: { directory, arm: "A1", max_age_days: 90 } };
  const found = await calibrationCheck(cell).run();
  assert.equal(found.ok, false);
  assert.match(`${found.detail} ${found.hint}`, /roles: made before a collision .*kinevla calibrate confirm/);
});

test("token file", async () => {
  const path = join(folder, "token");
  assert.equal((await tokenCheck(path).run()).ok, true);
  writeFileSync(path, `${"a".repeat(43)}\n`, { mode: 0o600 });
  assert.equal((await tokenCheck(path).run()).ok, true);
  chmodSync(path, 0o640);
  assert.match((await tokenCheck(path).run()).hint, /chmod 600/);
});

test("operator port: free, ours and ready, ours and not ready, somebody else's", async () => {
  const rig = await startRig();
  const { port } = rig.server;
  assert.match((await portCheck("127.0.0.1", port).run()).detail, /a daemon runs .* is ready/);
  rig.backend.ready = false;
  assert.equal((await portCheck("127.0.0.1", port).run()).ok, false);
  await rig.close();
  assert.match((await portCheck("127.0.0.1", port).run()).detail, /is free/);
  const other = createServer((_, response) => response.end("hello"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const foreign = await portCheck("127.0.0.1", (other.address() as AddressInfo).port).run();
  other.closeAllConnections();
  other.close();
  assert.match(foreign.detail, /another program/);
});

test("a wrong configuration is named by line, and nothing that needs it is tried", async () => {
  const file = join(folder, "daemon.yaml");
  writeFileSync(file, "arms: {}\n");
  const { exitCode, stdout } = await kinevla("doctor", "--config", file, "--json").ended;
  assert.equal(exitCode, 7);
  const lines = jsonLines(stdout);
  assert.deepEqual(
    lines.map(({ name, ok }) => [name, ok]),
    [
      ["node", true],
      ["configuration", false],
    ],
  );
  assert.match(String(lines[1]?.detail), /daemon\.yaml:1: arms: there is no such key/);
});
