import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { BundleError, type BundleErrorCode } from "../../models/bundle/bundle-error.js";
import { readFiles } from "../../models/bundle/read-files.js";
import { readManifest } from "../../models/bundle/read-manifest.js";
import { checkGolden } from "../../models/policy/check-golden.js";
import { loadModel } from "../../models/policy/load-model.js";
import { readTokenizer } from "../../models/tokenizer/tokenizer.js";
import { editManifest } from "./nano-bundle.js";

const cpu = { provider: "cpu", threads: 1 } as const;
// Random weights in OpenVLA's architecture, written by models/training/tests/make_openvla_fixture.py.
const fixture = projectPath("test", "fixtures", "openvla-nano");

describe("a bundle of an OpenVLA checkpoint, int4 with its weights beside the graphs", () => {
  let folder: string;
  let copies = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "kinevla-openvla-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function copy(): Promise<string> {
    copies += 1;
    const path = join(folder, `copy-${copies}`);
    await cp(fixture, path, { recursive: true });
    return path;
  }

  async function refused(path: string, code: BundleErrorCode, words: RegExp): Promise<void> {
    await assert.rejects(
      loadModel(path, cpu, () => {}),
      (error) => error instanceof BundleError && error.code === code && words.test(error.message),
    );
  }

  it("passes every check of a load and gives a chunk", async () => {
    const loaded = await loadModel(fixture, cpu, () => {});
    await checkGolden(loaded, "cpu");
    const images = new Uint8Array(2 * 28 * 28 * 3).fill(90);
    const [instruction = ""] = loaded.manifest.instructions;
    const output = await loaded.model.infer({
      instruction,
      images,
      proprio: [],
      text: { kind: "generated", draft: null },
    });
    assert.ok(output.kind === "inferred", output.kind === "failed" ? output.detail : "");
    assert.equal(output.coarse, "move the bread");
    assert.equal(output.fine, "grasp it first, then carry upright to left front");
    assert.equal(output.deltas.length, 5);
    assert.ok(output.tokens.probability.every((value) => value > 0 && value <= 1));
  });

  it("hashes the weights without keeping them", async () => {
    const files = await readFiles(fixture, await readManifest(fixture));
    assert.deepEqual([...files.keys()].sort(), [
      "decoder.onnx",
      "golden.json",
      "lm.onnx",
      "tokenizer.json",
      "vision.onnx",
    ]);
  });

  it("reads Llama's kind of tokenizer as its training did", async () => {
    const tokenizer = readTokenizer(await readFile(join(fixture, "tokenizer.json")));
    for (const text of ["move the bread", "grasp it first, then carry upright to left front", "Ünknown 1"]) {
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    }
  });

  for (const name of ["lm.onnx.data", "vision.onnx.data"]) {
    it(`refuses a flipped bit in ${name}`, async () => {
      const path = await copy();
      const bytes = await readFile(join(path, name));
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      await writeFile(join(path, name), bytes);
      await refused(path, "hash-mismatch", new RegExp(`^${name} has sha256`));
    });

    it(`refuses a truncated or missing ${name}`, async () => {
      const path = await copy();
      await writeFile(join(path, name), (await readFile(join(path, name))).subarray(1));
      await refused(path, "hash-mismatch", /bytes, the manifest says/);
      await rm(join(path, name));
      await refused(path, "file-missing", new RegExp(`^${name} is missing`));
    });
  }

  it("refuses weights behind a link that leaves the folder", async () => {
    const path = await copy();
    await cp(join(path, "lm.onnx.data"), join(folder, "outside.data"));
    await rm(join(path, "lm.onnx.data"));
    await symlink(join(folder, "outside.data"), join(path, "lm.onnx.data"));
    await refused(path, "path-escapes", /^lm\.onnx\.data is a link/);
  });

  it("refuses a graph that takes its weights from outside the folder", async () => {
    const path = await copy();
    await cp(join(path, "lm.onnx.data"), join(folder, "lm.o.data"));
    // As long as the name it replaces, so that the file stays well-formed.
    const graph = (await readFile(join(path, "lm.onnx"), "latin1")).replaceAll("lm.onnx.data", "../lm.o.data");
    await writeFile(join(path, "lm.onnx"), graph, "latin1");
    const sha256 = createHash("sha256").update(graph, "latin1").digest("hex");
    await editManifest(path, (manifest) => ({
      ...manifest,
      files: manifest.files.map((file) => (file.path === "lm.onnx" ? { ...file, sha256 } : file)),
    }));
    await refused(
      path,
      "path-escapes",
      /^lm\.onnx keeps the tensor "[^"]+" in "\.\.\/lm\.o\.data", which is no file of weights/,
    );
  });
});
