import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { BundleError } from "./bundle-error.js";
import type { Manifest } from "./manifest.js";
import { MANIFEST_NAME, MANIFEST_SIGNATURE } from "./read-manifest.js";

// Interlocks: PO-11, PO-12.

/** Graphs of a bundle of each profile, beside tokenizer and golden vectors. */
export const GRAPHS = {
  split: ["vision.onnx", "lm.onnx", "decoder.onnx"],
  fused: ["generator.onnx", "decoder.onnx"],
} as const satisfies Record<Manifest["profile"], readonly string[]>;

/** File name of a graph. */
export type GraphName = (typeof GRAPHS)[Manifest["profile"]][number];

/** Ending of files with the weights of a graph. They may be larger than memory: hashed here, read by the runtime. */
export const WEIGHTS_ENDING = ".onnx.data";
/** Bytes hashed at a time. */
const HASHED_PART = 1 << 20;

/** The bytes of a bundle by their path in it, weights apart; what was hashed is what is used. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** Reads every file that the manifest lists, compares size and sha256, and keeps all but weights; throws BundleError. */
export function readFiles(folder: string, manifest: Manifest): Promise<BundleFiles> {
  return read(folder, manifest, (path) => !path.endsWith(WEIGHTS_ENDING));
}

/** The same without keeping any. */
export async function hashFiles(folder: string, manifest: Manifest): Promise<void> {
  await read(folder, manifest, () => false);
}

async function read(folder: string, manifest: Manifest, isKept: (path: string) => boolean): Promise<BundleFiles> {
  checkListing(manifest);
  await checkUnexpected(folder, manifest);
  const root = await realpath(folder);
  const files = new Map<string, Uint8Array>();
  for (const entry of manifest.files) {
    const path = await resolveInside(root, entry.path);
    const content = isKept(entry.path) ? await readWhole(path, entry.path) : await hashOnly(path, entry.path);
    if (content.length !== entry.bytes) {
      throw new BundleError(
        "hash-mismatch",
        `${entry.path} has ${content.length} bytes, the manifest says ${entry.bytes}`,
      );
    }
    if (content.sha256 !== entry.sha256) {
      throw new BundleError(
        "hash-mismatch",
        `${entry.path} has sha256 ${content.sha256.slice(0, 12)}..., the manifest says ${entry.sha256.slice(0, 12)}...`,
      );
    }
    if (content.bytes !== null) {
      files.set(entry.path, content.bytes);
    }
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
  for (const path of [...GRAPHS[manifest.profile], manifest.tokenizer.path, manifest.golden.path]) {
    if (!listed.has(path)) {
      throw new BundleError("file-missing", `The manifest does not list ${path} in files`);
    }
  }
}

async function checkUnexpected(folder: string, manifest: Manifest): Promise<void> {
  const listed = new Set([MANIFEST_NAME, MANIFEST_SIGNATURE, ...manifest.files.map((file) => file.path)]);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (!entry.isDirectory() && !listed.has(path)) {
      throw new BundleError("file-unexpected", `${path} is in the bundle's folder, but not in its manifest`);
    }
  }
}

async function resolveInside(root: string, path: string): Promise<string> {
  let resolved: string;
  try {
    resolved = await realpath(join(root, path));
  } catch (cause) {
    throw new BundleError("file-missing", `${path} is missing`, cause);
  }
  if (!resolved.startsWith(root + sep)) {
    throw new BundleError("path-escapes", `${path} is a link that leaves the bundle's folder`);
  }
  return resolved;
}

/** What a file holds, and its bytes where they are kept. */
interface Content {
  readonly length: number;
  readonly sha256: string;
  readonly bytes: Uint8Array | null;
}

async function readWhole(resolved: string, path: string): Promise<Content> {
  try {
    const bytes = await readFile(resolved);
    return { length: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex"), bytes };
  } catch (cause) {
    throw new BundleError("file-missing", `${path} cannot be read`, cause);
  }
}

async function hashOnly(resolved: string, path: string): Promise<Content> {
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const part of createReadStream(resolved, { highWaterMark: HASHED_PART })) {
      hash.update(part);
      length += part.length;
    }
  } catch (cause) {
    throw new BundleError("file-missing", `${path} cannot be read`, cause);
  }
  return { length, sha256: hash.digest("hex"), bytes: null };
}
