import { env } from "onnxruntime-node";
import { BundleError } from "../bundle/bundle-error.js";
import { checkGraphs } from "../bundle/check-graphs.js";
import { type GoldenVector, readGolden } from "../bundle/golden.js";
import type { Manifest } from "../bundle/manifest.js";
import { bundleFile, readFiles, SPLIT_GRAPHS } from "../bundle/read-files.js";
import { readManifest } from "../bundle/read-manifest.js";
import { createDecoder } from "../decoder/decoder.js";
import { openSession, type SessionOptions, signatureOf } from "../generator/session.js";
import { createSplitGenerator } from "../generator/split-generator.js";
import { readTokenizer } from "../tokenizer/tokenizer.js";
import { assembleModel, type Model } from "./model.js";

/** A model of which everything but its golden vectors has been checked. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly model: Model;
  readonly golden: readonly GoldenVector[];
}

/** Reads and checks a bundle and opens its graphs; `onStage` hears what is being done. Throws BundleError. */
export async function loadModel(
  folder: string,
  options: SessionOptions,
  onStage: (stage: string) => void,
): Promise<LoadedModel> {
  onStage("reading the bundle");
  const manifest = await readManifest(folder);
  if (manifest.profile !== "split") {
    throw new BundleError("profile-unsupported", `The bundle has profile ${manifest.profile}`);
  }
  checkRuntime(manifest.runtime.minimumOrt);
  const files = await readFiles(folder, manifest);
  const tokenizer = readTokenizer(bundleFile(files, manifest.tokenizer.path));
  if (tokenizer.largestId >= manifest.vocabulary.size) {
    throw new BundleError(
      "vocabulary-inconsistent",
      `The tokenizer gives ids up to ${tokenizer.largestId}, vocabulary.size is ${manifest.vocabulary.size}`,
    );
  }
  const golden = readGolden(bundleFile(files, manifest.golden.path), manifest);

  onStage("opening the graphs");
  const open = (name: string, where: SessionOptions) => openSession(name, bundleFile(files, name), folder, where);
  const vision = await open(SPLIT_GRAPHS.vision, options);
  const language = await open(SPLIT_GRAPHS.language, options);
  // Less than a millisecond of work: moving it to another device would cost more.
  const decoder = await open(SPLIT_GRAPHS.decoder, { ...options, provider: "cpu" });
  const sizes = checkGraphs(manifest, signatureOf(vision), signatureOf(language), signatureOf(decoder));
  const generator = createSplitGenerator(vision, language, sizes, manifest);
  return { manifest, model: assembleModel(manifest, tokenizer, generator, createDecoder(decoder, manifest)), golden };
}

function checkRuntime(minimum: string): void {
  const present = env.versions.node ?? "0";
  if (compareVersions(present, minimum) < 0) {
    throw new BundleError("runtime-too-old", `The bundle needs ONNX Runtime ${minimum}, here is ${present}`);
  }
}

function compareVersions(left: string, right: string): number {
  const parts = (version: string): number[] => version.split(".").map((part) => Number.parseInt(part, 10));
  const [a, b] = [parts(left), parts(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
