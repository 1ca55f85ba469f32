import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readCalibration } from "../../calibration/files.js";
import { armLimits } from "../../daemon/composition/arm-limits.js";
import { expectedCalibrations } from "../../daemon/composition/expected-calibrations.js";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { loadLimits } from "../../daemon/config/limits-file.js";
import { loadPuppetCalibration } from "../../daemon/config/puppet-calibration.js";
import { ConfigError } from "../../daemon/config/yaml-file.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { readTrustedManifest } from "../../models/bundle/read-manifest.js";
import { LEADER } from "../teleop/leader.js";
import { type Cell, makeCell } from "./cell.js";

let cell: Cell;
beforeEach(() => {
  cell = makeCell();
});
afterEach(() => cell.remove());

/** The cell with everything in it signed and the key beside it. */
async function signedCell(): Promise<Config> {
  await cell.sign([cell.config, cell.limits, cell.table, cell.puppet]);
  cell.ask();
  return loadConfig(cell.config);
}

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail("it was taken");
}

function flipByte(file: string): void {
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** One byte in so many is flipped; signature.test.ts flips each of a short file. */
const STRIDE = 23;

function tableOf(config: Config): ReturnType<typeof readCalibration> {
  const place = { arm: "A1", max_age_days: 90 };
  return readCalibration(join(cell.folder, "calibration"), "table", expectedCalibrations(config, place, Date.now()));
}

describe("HO-12: where the maintainer's key stands beside the configuration", () => {
  it("a cell whose files are all signed works", async () => {
    const config = await signedCell();
    loadLimits(config);
    assert.equal(tableOf(config).kind, "good");
    assert.equal(typeof loadPuppetCalibration(cell.puppet, LEADER, config.trust), "object");
    assert.equal(armLimits(config, Date.now()).unused, null);
  });
  it("a configuration that is not signed, was changed, or was signed by somebody else ends the start", async () => {
    cell.ask();
    assert.match(
      refusal(() => loadConfig(cell.config)),
      /kinevla\.yaml must not be used: it is not signed.*kinevla sign/,
    );
    await cell.sign([cell.config], generateKeyPairSync("ed25519").privateKey);
    assert.match(
      refusal(() => loadConfig(cell.config)),
      /of another key/,
    );
    await cell.sign([cell.config]);
    loadConfig(cell.config);
    appendFileSync(cell.config, "\n");
    assert.match(
      refusal(() => loadConfig(cell.config)),
      /changed after it was signed/,
    );
  });
  it("the signature of another file counts for none, even where it is of the same kind", async () => {
    await signedCell();
    const copy = join(cell.folder, "other.yaml");
    writeFileSync(copy, `${readFileSync(cell.config, "utf8")}\n`);
    await cell.sign([copy]);
    copyFileSync(`${copy}.sig`, `${cell.config}.sig`);
    assert.match(
      refusal(() => loadConfig(cell.config)),
      /does not fit/,
    );
    copyFileSync(`${cell.limits}.sig`, `${cell.config}.sig`);
    assert.match(
      refusal(() => loadConfig(cell.config)),
      /for a file of another kind \(limits\)/,
    );
  });
  it("limits with one byte flipped, in the file or in its signature, end the start", async () => {
    const config = await signedCell();
    flipByte(cell.limits);
    assert.match(
      refusal(() => loadLimits(config)),
      /limits-rm75b\.yaml must not be used/,
    );
    flipByte(cell.limits);
    loadLimits(config);
    flipByte(`${cell.limits}.sig`);
    assert.match(
      refusal(() => loadLimits(config)),
      /limits-rm75b\.yaml must not be used/,
    );
    rmSync(`${cell.limits}.sig`);
    assert.match(
      refusal(() => loadLimits(config)),
      /it is not signed: there is no/,
    );
  });
  it("a single flipped byte, wherever it is in configuration or limits, is found", async () => {
    const { trust } = await signedCell();
    for (const [kind, path] of [
      ["configuration", cell.config],
      ["limits", cell.limits],
    ] as const) {
      const bytes = readFileSync(path);
      assert.equal(trust.doubt(kind, path, bytes), null);
      for (let index = 0; index < bytes.length; index += STRIDE) {
        bytes[index] = (bytes[index] ?? 0) ^ 1;
        assert.notEqual(trust.doubt(kind, path, bytes), null, `${path}, byte ${index}`);
        bytes[index] = (bytes[index] ?? 0) ^ 1;
      }
    }
  });
  it("a key that was lost is noticed where the configuration says that signatures are required", async () => {
    const required = makeCell("signatures: required");
    try {
      assert.match(
        refusal(() => loadConfig(required.config)),
        /signatures are required, but .*maintainer\.pub/,
      );
      await required.sign([required.config]);
      required.ask();
      loadConfig(required.config);
      rmSync(join(required.folder, "maintainer.pub"));
      assert.match(
        refusal(() => loadConfig(required.config)),
        /signatures are required/,
      );
    } finally {
      required.remove();
    }
  });
  it("nothing asks for signatures without it: everything works unsigned", () => {
    const config = loadConfig(cell.config);
    loadLimits(config);
    assert.equal(tableOf(config).kind, "good");
    assert.equal(typeof loadPuppetCalibration(cell.puppet, LEADER, config.trust), "object");
  });
});

describe("PO-18: a calibration in such a cell", () => {
  it("that is not signed, or was changed after, is refused", async () => {
    const config = await signedCell();
    flipByte(cell.table);
    const changed = tableOf(config);
    assert.ok(changed.kind === "untrusted", changed.kind);
    assert.match(`${changed.reason} ${changed.hint}`, /table\.json must not be used.*kinevla sign .*table\.json/);
    assert.match(armLimits(config, Date.now()).unused ?? "", /table\.json must not be used/);
    rmSync(`${cell.table}.sig`);
    assert.equal(tableOf(config).kind, "untrusted");
  });
});

describe("OP-10: the leader's calibration in such a cell", () => {
  it("is refused in words when it is not signed or was changed after", async () => {
    const { trust } = await signedCell();
    flipByte(cell.puppet);
    assert.match(String(loadPuppetCalibration(cell.puppet, LEADER, trust)), /puppet\.json must not be used: .*changed/);
    rmSync(`${cell.puppet}.sig`);
    assert.match(String(loadPuppetCalibration(cell.puppet, LEADER, trust)), /not signed.*kinevla sign/);
  });
});

describe("PO-11: the manifest of a bundle in such a cell", () => {
  const shipped = projectPath("models", "bundles", "table7-v3");
  it("carries the maintainer's signature, which covers every part of what it says", async () => {
    const { trust } = await signedCell();
    const folder = join(cell.folder, "bundle");
    cpSync(shipped, folder, { recursive: true });
    const file = join(folder, "bundle.json");
    await assert.rejects(readTrustedManifest(folder, trust), /bundle\.json must not be used: it is not signed/);
    await cell.sign([file]);
    const { manifest } = await readTrustedManifest(folder, trust);
    const right = readFileSync(file, "utf8");
    const parts = {
      model: { files: manifest.files.map((entry) => ({ ...entry, sha256: "0".repeat(64) })) },
      statistics: { normalisation: { ...manifest.normalisation, clip: manifest.normalisation.clip * 0.9 } },
      proprioception: { proprio: { ...manifest.proprio, mean: manifest.proprio.mean.map((mean) => mean + 1e-6) } },
      processor: { tokenizer: { ...manifest.tokenizer, path: "golden.json" } },
      prompt: { prompt: `${manifest.prompt} ` },
      cameras: { images: { ...manifest.images, rotate180: { front: true, wrist: true } } },
      "chunk length": { chunk: { ...manifest.chunk, period: manifest.chunk.period * 1.01 } },
      "action units": { gripper: { ...manifest.gripper, threshold: manifest.gripper.threshold * 0.9 } },
      "joint order": { joints: { ...manifest.joints, names: manifest.joints.names.map((name) => `x${name}`) } },
    };
    for (const [part, change] of Object.entries(parts)) {
      writeFileSync(file, JSON.stringify({ ...JSON.parse(right), ...change }, null, 2));
      await assert.rejects(readTrustedManifest(folder, trust), /changed after it was signed/, part);
    }
    writeFileSync(file, right);
    await readTrustedManifest(folder, trust);
  });
  it("is not signed while one of its files is not what it lists", async () => {
    const folder = join(cell.folder, "bundle");
    cpSync(shipped, folder, { recursive: true });
    flipByte(join(folder, "lm.onnx"));
    await assert.rejects(cell.sign([join(folder, "bundle.json")]), /lm\.onnx has sha256/);
  });
});

describe("HO-12: the processes of such a cell", () => {
  const ended = (script: readonly string[], environment = {}): Promise<{ code: number | null; said: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, ...environment };
      const file = projectPath("dist", "daemon", ...script);
      const child = execFile(
        process.execPath,
        [file, "--config", cell.config],
        { env, timeout: 20_000 },
        (_, out, err) => resolve({ code: child.exitCode, said: `${out}${err}` }),
      );
    });
  it("end with 78 and say which file and what to do", async () => {
    await signedCell();
    flipByte(cell.limits);
    const arm = await ended(["arm", "main.js"]);
    assert.equal(arm.code, 78, arm.said);
    assert.match(arm.said, /limits-rm75b\.yaml must not be used.*kinevla sign .*limits-rm75b\.yaml/);
    flipByte(cell.config);
    const guardian = await ended(["arm", "guardian.js"]);
    assert.equal(guardian.code, 78, guardian.said);
    assert.match(guardian.said, /kinevla\.yaml must not be used/);
  });
  it("the daemon ends with 78 for a bundle that is not signed", async () => {
    await signedCell();
    const { code, said } = await ended(["main.js"]);
    assert.equal(code, 78, said);
    assert.match(said, /bundle\.json must not be used: it is not signed/);
  });
  it("the stop after a crash needs no signature", async () => {
    await signedCell();
    rmSync(`${cell.config}.sig`);
    const { said } = await ended(["arm", "stop-after-crash.js"], { SERVICE_RESULT: "core-dump" });
    assert.match(said, /could not be told to stop: .*ECONNREFUSED 127\.0\.0\.1:9/);
  });
});
