import { BundleError } from "./bundle-error.js";
import { proprioWidth } from "./check-manifest.js";
import type { Manifest } from "./manifest.js";

/** What a graph says about one of its inputs or outputs. */
export interface TensorSignature {
  readonly name: string;
  readonly type: string;
  /** Numbers are fixed, strings are the names of dimensions that vary. */
  readonly shape: readonly (number | string)[];
}

/** Inputs and outputs of one graph. */
export interface GraphSignature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
}

/** Sizes that the language model has and the manifest does not name. */
export interface LanguageModelSizes {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
  /** Width of a visual token. */
  readonly width: number;
}

/** An expected dimension: a number, any fixed number, one that must vary, or whatever it may be. */
type Expected = number | "fixed" | "varies" | "any";

/** Compares the graphs of profile `split` with the contract and the manifest; throws BundleError. */
export function checkSplitGraphs(
  manifest: Manifest,
  vision: GraphSignature,
  language: GraphSignature,
): LanguageModelSizes {
  compare("vision.onnx", "input", vision.inputs, observationInputs(manifest));
  compare("lm.onnx", "input", language.inputs, {
    ids: ["int64", [1, "varies"]],
    vis: ["float32", [1, "varies", "fixed"]],
    past_k: ["float32", ["fixed", 1, "fixed", "varies", "fixed"]],
    past_v: ["float32", ["fixed", 1, "fixed", "varies", "fixed"]],
  });
  const sizes = {
    layers: fixedSize(language.inputs, "past_k", 0),
    heads: fixedSize(language.inputs, "past_k", 2),
    headSize: fixedSize(language.inputs, "past_k", 4),
    width: fixedSize(language.inputs, "vis", 2),
  };
  compare("vision.onnx", "output", vision.outputs, { vis: ["float32", [1, "any", sizes.width]] });
  const cache: readonly Expected[] = [sizes.layers, 1, sizes.heads, "any", sizes.headSize];
  compare(
    "lm.onnx",
    "input",
    language.inputs.filter((input) => input.name === "past_v"),
    { past_v: ["float32", cache] },
  );
  compare("lm.onnx", "output", language.outputs, {
    logits: ["float32", [1, "any", manifest.vocabulary.size]],
    k: ["float32", cache],
    v: ["float32", cache],
  });
  return sizes;
}

/** Compares the generator graph of profile `fused` with the contract and the manifest; throws BundleError. */
export function checkFusedGraph(manifest: Manifest, generator: GraphSignature): void {
  const { coarse, fine } = manifest.vocabulary.depth;
  compare("generator.onnx", "input", generator.inputs, {
    ...observationInputs(manifest),
    prompt_ids: ["int64", [1, "varies"]],
    coarse_text: ["int64", [1, "varies"]],
    fine_text: ["int64", [1, "varies"]],
    coarse_budget: ["int64", [1]],
    fine_budget: ["int64", [1]],
    forced: ["bool", [1]],
  });
  compare("generator.onnx", "output", generator.outputs, {
    coarse_out: ["int64", [1, "any"]],
    coarse_next: ["int64", [1, 1]],
    coarse_codes: ["int64", [1, coarse]],
    fine_out: ["int64", [1, "any"]],
    fine_next: ["int64", [1, 1]],
    fine_codes: ["int64", [1, fine]],
    code_prob: ["float32", [1, coarse + fine]],
  });
}

/** Compares the decoder graph, which both profiles have, with the contract and the manifest; throws BundleError. */
export function checkDecoderGraph({ vocabulary, chunk }: Manifest, decoder: GraphSignature): void {
  compare("decoder.onnx", "input", decoder.inputs, {
    codes: ["int64", [1, vocabulary.depth.coarse + vocabulary.depth.fine]],
  });
  compare("decoder.onnx", "output", decoder.outputs, { chunk: ["float32", [1, chunk.horizon, chunk.dimensions]] });
}

type Contract = Readonly<Record<string, readonly [string, readonly Expected[]]>>;

function observationInputs(manifest: Manifest): Contract {
  const { size } = manifest.images;
  return {
    images: ["uint8", [1, 2, size, size, 3]],
    proprio: ["float32", [1, proprioWidth(manifest)]],
  };
}

function compare(graph: string, side: "input" | "output", found: readonly TensorSignature[], expected: Contract): void {
  const fail = (detail: string): never => {
    throw new BundleError("graph-mismatch", `${graph}: ${detail}`);
  };
  const names = Object.keys(expected);
  for (const { name } of found) {
    if (!names.includes(name)) {
      fail(`${side} ${name} is not in the contract (${names.join(", ")})`);
    }
  }
  for (const [name, [type, shape]] of Object.entries(expected)) {
    const tensor = found.find((candidate) => candidate.name === name) ?? fail(`${side} ${name} is missing`);
    if (tensor.type !== type) {
      fail(`${side} ${name} is ${tensor.type}, expected ${type}`);
    }
    const fits =
      tensor.shape.length === shape.length &&
      shape.every((wanted, axis) => dimensionFits(wanted, tensor.shape[axis] ?? -1, side));
    if (!fits) {
      fail(`${side} ${name} has shape [${tensor.shape.join(", ")}], expected [${shape.join(", ")}]`);
    }
  }
}

/** Shape inference may leave an output's dimension open; an input's must be exactly as the contract says. */
function dimensionFits(wanted: Expected, found: number | string, side: "input" | "output"): boolean {
  switch (wanted) {
    case "any":
      return true;
    case "varies":
      return typeof found === "string";
    case "fixed":
      return typeof found === "number";
    default:
      return found === wanted || (side === "output" && typeof found === "string");
  }
}

function fixedSize(tensors: readonly TensorSignature[], name: string, axis: number): number {
  const size = tensors.find((tensor) => tensor.name === name)?.shape[axis];
  if (typeof size !== "number") {
    throw new BundleError("graph-mismatch", `Axis ${axis} of ${name} is not a fixed size`);
  }
  return size;
}
