import { createHash } from "node:crypto";
import { readdir, readFile, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { BundleError } from "./bundle-error.js";
import type { Manifest } from "./manifest.js";
import { MANIFEST_NAME } from "./read-manifest.js";

/** Files every bundle of profile `split` has, beside tokenizer and golden vectors. */
export const SPLIT_GRAPHS = { vision: "vision.onnx", language: "lm.onnx", decoder: "decoder.onnx" } as const;

/** The bytes of a bundle by their path in it; what was hashed is what is used. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** Reads every file that the manifest lists and compares size and sha256; throws BundleError. */
export async function readFiles(folder: string, manifest: Manifest): Promise<BundleFiles> {
  checkListing(manifest);
  await checkUnexpected(folder, manifest);
  const root = await realpath(folder);
  const files = new Map<string, Uint8Array>();
  for (const entry of manifest.files) {
    const bytes = await readInside(root, entry.path);
    if (bytes.byteLength !== entry.bytes) {
      throw new BundleError(
        "hash-mismatch",
        `${entry.path} has ${bytes.byteLength} bytes, the manifest says ${entry.bytes}`,
      );
    }
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (digest !== entry.sha256) {
      throw new BundleError(
        "hash-mismatch",
        `${entry.path} has sha256 ${digest.slice(0, 12)}..., the manifest says ${entry.sha256.slice(0, 12)}...`,
      );
    }
    files.set(entry.path, bytes);
  }
  return files;
}

/** One file of a bundle that `readFiles` has read; throws BundleError where the manifest does not list it. */
export function bundleFile(files: BundleFiles, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) {
    throw new BundleError("file-missing", `The manifest does not list ${path}`);
  }
  return bytes;
}

function checkListing(manifest: Manifest): void {
  const listed = new Set<string>();
  for (const { path } of manifest.files) {
    if (isAbsolute(path) || path.includes("\\") || path.split("/").some((part) => part === ".." || part === "")) {
      throw new BundleError("path-escapes", `The manifest lists ${path}, which does not stay in the bundle's folder`);
    }
    if (listed.has(path)) {
      throw new BundleError("manifest-invalid", `The manifest lists ${path} twice`);
    }
    listed.add(path);
  }
  for (const path of [...Object.values(SPLIT_GRAPHS), manifest.tokenizer.path, manifest.golden.path]) {
    if (!listed.has(path)) {
      throw new BundleError("file-missing", `The manifest does not list ${path} in files`);
    }
  }
}

async function checkUnexpected(folder: string, manifest: Manifest): Promise<void> {
  const listed = new Set([MANIFEST_NAME, ...manifest.files.map((file) => file.path)]);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (!entry.isDirectory() && !listed.has(path)) {
      throw new BundleError("file-unexpected", `${path} is in the bundle's folder, but not in its manifest`);
    }
  }
}

async function readInside(root: string, path: string): Promise<Uint8Array> {
  let resolved: string;
  try {
    resolved = await realpath(join(root, path));
  } catch (cause) {
    throw new BundleError("file-missing", `${path} is missing`, cause);
  }
  if (!resolved.startsWith(root + sep)) {
    throw new BundleError("path-escapes", `${path} is a link that leaves the bundle's folder`);
  }
  try {
    return await readFile(resolved);
  } catch (cause) {
    throw new BundleError("file-missing", `${path} cannot be read`, cause);
  }
}
