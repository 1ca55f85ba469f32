import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFile, chmod, cp, mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BundleSeal } from "../../models/bundle/bundle-seal.js";
import { makeNanoBundle, type NanoBundle } from "./nano-bundle.js";

let bundle: NanoBundle;
let folder: string;
before(async () => {
  bundle = await makeNanoBundle();
  folder = await mkdtemp(join(tmpdir(), "kinevla-seal-"));
});
after(async () => {
  await bundle.remove();
  await rm(folder, { recursive: true });
});

let copies = 0;
/** A copy of the bundle that was looked at once, and the digest of its manifest. */
async function sealed(): Promise<{ readonly path: string; readonly seal: BundleSeal }> {
  copies += 1;
  const path = join(folder, `copy-${copies}`);
  await cp(bundle.folder, path, { recursive: true });
  const digest = createHash("sha256")
    .update(await readFile(join(path, "bundle.json")))
    .digest("hex");
  const seal = new BundleSeal(path, digest);
  assert.equal(await seal.broken(), null);
  return { path, seal };
}

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

describe("PO-11: a bundle that was loaded", () => {
  it("may move the arm again and again while nobody touches it, also when it is copied anew, moved in place or signed", async () => {
    const { path, seal } = await sealed();
    assert.equal(await seal.broken(), null);
    await utimes(join(path, "lm.onnx"), 1, 1);
    assert.equal(await seal.broken(), null);
    await cp(join(path, "lm.onnx"), join(path, "..", "lm.new"));
    await rename(join(path, "..", "lm.new"), join(path, "lm.onnx"));
    assert.equal(await seal.broken(), null);
    await writeFile(join(path, "bundle.json.sig"), "{}");
    assert.equal(await seal.broken(), null);
    await chmod(join(path, "lm.onnx"), 0o600);
    assert.deepEqual(await Promise.all([seal.broken(), seal.broken()]), [null, null]);
  });
  for (const name of ["vision.onnx", "lm.onnx", "decoder.onnx", "tokenizer.json", "golden.json"]) {
    it(`may not once ${name} was swapped after the load, not even when its date is set back`, async () => {
      const { path, seal } = await sealed();
      await flipByte(join(path, name));
      await utimes(join(path, name), 1, 1);
      const words = await seal.broken();
      assert.match(words ?? "", new RegExp(`no longer what was loaded: ${name} has sha256 .*restart the daemon`));
      await flipByte(join(path, name));
      assert.equal(await seal.broken(), words, "what was found once stays found");
    });
  }
  it("may not once its manifest is another one, even one that fits its files, or a file went or came", async () => {
    const changes: readonly (readonly [(path: string) => Promise<void>, RegExp])[] = [
      [(path) => appendFile(join(path, "bundle.json"), "\n"), /another one than when the daemon started/],
      [(path) => rm(join(path, "bundle.json")), /no readable .*bundle\.json/],
      [(path) => rm(join(path, "lm.onnx")), /lm\.onnx is missing/],
      [(path) => writeFile(join(path, "more.onnx"), ""), /more\.onnx is in the bundle's folder/],
      [(path) => rm(path, { recursive: true }), /cannot be read whole/],
    ];
    for (const [change, words] of changes) {
      const { path, seal } = await sealed();
      await change(path);
      assert.match((await seal.broken()) ?? "", words);
    }
  });
});
