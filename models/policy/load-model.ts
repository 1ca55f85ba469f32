import { env, type InferenceSession } from "onnxruntime-node";
import { BundleError } from "../bundle/bundle-error.js";
import { checkContents } from "../bundle/check-contents.js";
import { checkDecoderGraph, checkFusedGraph, checkSplitGraphs } from "../bundle/check-graphs.js";
import { type GoldenVector, readGolden } from "../bundle/golden.js";
import type { Manifest } from "../bundle/manifest.js";
import { bundleFile, GRAPHS, type GraphName, readFiles } from "../bundle/read-files.js";
import { readManifest } from "../bundle/read-manifest.js";
import { createDecoder } from "../decoder/decoder.js";
import { createFusedGenerator } from "../generator/fused-generator.js";
import type { Generator } from "../generator/generator.js";
import { openSession, type SessionOptions, signatureOf } from "../generator/session.js";
import { createSplitGenerator } from "../generator/split-generator.js";
import { readTokenizer } from "../tokenizer/tokenizer.js";
import { assembleModel, type Model } from "./model.js";

/** Newest operators that ONNX Runtime 1.30 has (models/README.md). */
const LARGEST_OPSET = 26;

/** A model of which everything but its golden vectors has been checked. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly model: Model;
  readonly golden: readonly GoldenVector[];
}

/**
 * Reads and checks a bundle and opens its graphs; `onStage` hears what is being done, `digest` is the SHA-256 that the
 * manifest must have. Throws BundleError.
 */
export async function loadModel(
  folder: string,
  options: SessionOptions,
  onStage: (stage: string) => void,
  digest: string | null = null,
): Promise<LoadedModel> {
  onStage("reading the bundle");
  const manifest = await readManifest(folder, digest);
  checkRuntime(manifest.runtime);
  const files = await readFiles(folder, manifest);
  for (const graph of GRAPHS[manifest.profile]) {
    checkContents(graph, bundleFile(files, graph), manifest);
  }
  const tokenizer = readTokenizer(bundleFile(files, manifest.tokenizer.path));
  if (tokenizer.largestId >= manifest.vocabulary.size) {
    throw new BundleError(
      "vocabulary-inconsistent",
      `The tokenizer gives ids up to ${tokenizer.largestId}, vocabulary.size is ${manifest.vocabulary.size}`,
    );
  }
  const golden = readGolden(bundleFile(files, manifest.golden.path), manifest);

  onStage("opening the graphs");
  const open = (name: GraphName, where: SessionOptions) => openSession(name, bundleFile(files, name), folder, where);
  const generator = await openGenerator(manifest, (name) => open(name, options));
  // Less than a millisecond of work: moving it to another device would cost more.
  const decoder = await open("decoder.onnx", { ...options, provider: "cpu" });
  checkDecoderGraph(manifest, signatureOf(decoder));
  return { manifest, model: assembleModel(manifest, tokenizer, generator, createDecoder(decoder, manifest)), golden };
}

/** Opens and checks the graphs that the profile needs. */
async function openGenerator(
  manifest: Manifest,
  open: (name: GraphName) => Promise<InferenceSession>,
): Promise<Generator> {
  switch (manifest.profile) {
    case "split": {
      const vision = await open("vision.onnx");
      const language = await open("lm.onnx");
      const sizes = checkSplitGraphs(manifest, signatureOf(vision), signatureOf(language));
      return createSplitGenerator(vision, language, sizes, manifest);
    }
    case "fused": {
      const generator = await open("generator.onnx");
      checkFusedGraph(manifest, signatureOf(generator));
      return createFusedGenerator(generator, manifest);
    }
    default:
      return manifest.profile satisfies never;
  }
}

function checkRuntime({ minimumOrt, opset }: Manifest["runtime"]): void {
  const present = env.versions.node ?? "0";
  if (compareVersions(present, minimumOrt) < 0) {
    throw new BundleError("runtime-too-old", `The bundle needs ONNX Runtime ${minimumOrt}, here is ${present}`);
  }
  if (opset > LARGEST_OPSET) {
    const here = `ONNX Runtime ${present} takes at most ${LARGEST_OPSET}`;
    throw new BundleError("runtime-too-old", `The bundle's graphs use opset ${opset}; ${here}`);
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
