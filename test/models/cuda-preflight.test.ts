import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { cudaPreflight } from "../../models/policy/cuda-preflight.js";
import { neededLibraries } from "../../models/policy/needed-libraries.js";

const installed = projectPath("node_modules", "onnxruntime-node", "bin", "napi-v6", process.platform, process.arch);
const shared = "libonnxruntime_providers_shared.so";
const cuda = "libonnxruntime_providers_cuda.so";

describe("cudaPreflight", () => {
  let folder: string;
  let other: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kinevla-cuda-"));
    other = await mkdtemp(join(tmpdir(), "kinevla-cuda-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
    await rm(other, { recursive: true });
  });

  it("names the provider files that are missing and where they belong", async () => {
    await writeFile(join(folder, shared), "");
    const preflight = await cudaPreflight({ runtimeFolder: folder, libraryPath: [] });
    assert.deepEqual(preflight.missing, [cuda]);
    assert.equal(preflight.ready, false);
    assert.ok(preflight.advice.includes(folder));
  });

  it("names the libraries that the provider needs and the loader does not know", async () => {
    await writeFile(join(folder, shared), "");
    // Any real library will do as the provider: the binding needs libonnxruntime.so.1, which no loader cache holds.
    await copyFile(join(installed, "onnxruntime_binding.node"), join(folder, cuda));
    const preflight = await cudaPreflight({ runtimeFolder: folder, libraryPath: [] });
    assert.deepEqual(preflight.missing, ["libonnxruntime.so.1"]);
    await writeFile(join(folder, "libonnxruntime.so.1"), "");
    assert.equal((await cudaPreflight({ runtimeFolder: folder, libraryPath: [] })).ready, true);
  });

  it("looks beside a main library that the loader finds first", async () => {
    await writeFile(join(other, "libonnxruntime.so.1"), "");
    const preflight = await cudaPreflight({ runtimeFolder: folder, libraryPath: ["/nowhere", other] });
    assert.equal(preflight.folder, other);
  });

  it("looks beside the installed runtime otherwise", async () => {
    const preflight = await cudaPreflight({ libraryPath: [] });
    assert.ok((await readdir(preflight.folder)).includes("onnxruntime_binding.node"));
  });
});

describe("neededLibraries", () => {
  it("reads what a library asks the loader for", async () => {
    const needed = await neededLibraries(join(installed, "onnxruntime_binding.node"));
    assert.ok(needed.includes("libonnxruntime.so.1") && needed.includes("libc.so.6"), needed.join(", "));
  });

  it("refuses what is not an ELF file", async () => {
    await assert.rejects(neededLibraries(projectPath("package.json")), /not a 64-bit/);
  });
});
