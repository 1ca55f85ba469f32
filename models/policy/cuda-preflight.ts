import { execFile } from "node:child_process";
import { access, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { neededLibraries } from "./needed-libraries.js";

/** The provider files that a CUDA build of ONNX Runtime has beside its main library. */
const PROVIDER_FILES = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"] as const;

/** The main library; where the loader finds it, the provider files must lie. */
const MAIN_LIBRARY = "libonnxruntime.so.1";

/** What CUDA lacks on this machine; the files say nothing about whether the graphics driver works. */
export interface CudaPreflight {
  readonly ready: boolean;
  /** Where ONNX Runtime looks for its provider files. */
  readonly folder: string;
  /** Files that are not there; empty when `ready`. */
  readonly missing: readonly string[];
  /** What to do, in one sentence. */
  readonly advice: string;
}

/** Where to look; the defaults are this machine's. */
export interface CudaPlaces {
  /** Folder of the installed runtime's native files. */
  readonly runtimeFolder?: string;
  /** Folders that the loader searches first. */
  readonly libraryPath?: readonly string[];
}

/** Looks for the files that provider `cuda` needs, without loading any of them. */
export async function cudaPreflight(places: CudaPlaces = {}): Promise<CudaPreflight> {
  const libraryPath = places.libraryPath ?? (process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean);
  const folder = await providerFolder(places.runtimeFolder ?? runtimeFolder(), libraryPath);
  const absent = await missingFrom(PROVIDER_FILES, [folder]);
  if (absent.length > 0) {
    const advice = `Place ${absent.join(" and ")} of the same ONNX Runtime version in ${folder} (models/README.md, CUDA).`;
    return { ready: false, folder, missing: absent, advice };
  }
  const needed = await neededLibraries(join(folder, PROVIDER_FILES[1]));
  const known = await cachedLibraries();
  const unknown = needed.filter((name) => !known.has(name));
  const missing = await missingFrom(unknown, [...libraryPath, folder]);
  if (missing.length > 0) {
    const advice = `Install the CUDA and cuDNN libraries ${missing.join(", ")}, then run ldconfig (models/README.md, CUDA).`;
    return { ready: false, folder, missing, advice };
  }
  return { ready: true, folder, missing: [], advice: "All files that provider cuda needs are in place." };
}

function runtimeFolder(): string {
  const entry = createRequire(import.meta.url).resolve("onnxruntime-node");
  return join(dirname(entry), "..", "bin", "napi-v6", process.platform, process.arch);
}

/** The loader takes the main library from LD_LIBRARY_PATH first, and that one's real folder holds the providers. */
async function providerFolder(installed: string, libraryPath: readonly string[]): Promise<string> {
  for (const candidate of libraryPath) {
    if (await exists(join(candidate, MAIN_LIBRARY))) {
      return candidate;
    }
  }
  return (await exists(installed)) ? await realpath(installed) : installed;
}

async function missingFrom(names: readonly string[], folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    names.map(async (name) => (await Promise.all(folders.map((folder) => exists(join(folder, name))))).some(Boolean)),
  );
  return names.filter((_, index) => found[index] !== true);
}

/** Names in the loader's cache; empty where the machine has no such cache. */
async function cachedLibraries(): Promise<ReadonlySet<string>> {
  for (const program of ["ldconfig", "/sbin/ldconfig"]) {
    try {
      const { stdout } = await promisify(execFile)(program, ["-p"]);
      return new Set([...stdout.matchAll(/^\s+(\S+)\s/gm)].map((match) => match[1] ?? ""));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
        throw error;
      }
    }
  }
  return new Set();
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
