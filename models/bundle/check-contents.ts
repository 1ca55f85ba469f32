import { BundleError } from "./bundle-error.js";
import { type ExternalTensor, type GraphContents, listGraph } from "./list-graph.js";
import type { Manifest } from "./manifest.js";
import { ProtobufError } from "./protobuf.js";
import { WEIGHTS_ENDING } from "./read-files.js";

// Interlocks: PO-12.

/**
 * Operators that may stand in a graph: those that this project's exporters write and others that only compute numbers from
 * numbers. None reads a file, loads a library, draws random numbers or handles text and pictures.
 */
const KNOWN_OPERATORS: ReadonlySet<string> = new Set(
  [
    "Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Clip Concat Constant ConstantOfShape Conv",
    "Cos CumSum DequantizeLinear Div Einsum Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm",
    "GlobalAveragePool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity If InstanceNormalization",
    "LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop MatMul MatMulInteger Max MaxPool Min Mish Mod Mul Neg",
    "NonZero Not OneHot Or PRelu Pad Pow QLinearMatMul QuantizeLinear RMSNormalization Range Reciprocal ReduceL2 ReduceMax",
    "ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize RotaryEmbedding Round ScatterElements",
    "ScatterND Shape Sigmoid Sign SimplifiedLayerNormalization Sin Size Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh",
    "Tile TopK Transpose Trilu Unsqueeze Where Xor com.microsoft.MatMulNBits",
  ].flatMap((row) => row.split(" ")),
);

/** Keys of a place in another file (ONNX, ExternalDataInfo). */
const PLACE_KEYS: ReadonlySet<string> = new Set(["location", "offset", "length", "checksum"]);

/** Looks through a graph before the runtime is given it: known operators, weights in listed files. Throws BundleError. */
export function checkContents(graph: string, bytes: Uint8Array, { files }: Pick<Manifest, "files">): void {
  const { operators, external } = contentsOf(graph, bytes);
  for (const operator of operators) {
    if (!KNOWN_OPERATORS.has(operator)) {
      throw new BundleError("operator-unknown", `${graph} uses the operator ${quoted(operator)}`);
    }
  }
  for (const tensor of external) {
    const wrong = wrongPlace(tensor, files);
    if (wrong !== null) {
      throw new BundleError("path-escapes", `${graph} keeps the tensor ${quoted(tensor.name)} ${wrong}`);
    }
  }
}

function contentsOf(graph: string, bytes: Uint8Array): GraphContents {
  try {
    return listGraph(bytes);
  } catch (error) {
    if (!(error instanceof ProtobufError)) {
      throw error;
    }
    throw new BundleError(
      "graph-unreadable",
      `${graph} is no graph that can be looked through (${error.message})`,
      error,
    );
  }
}

/** What is wrong with where a tensor lies, in words; null for a stretch of a file of weights that the manifest lists. */
function wrongPlace({ keys }: ExternalTensor, files: Manifest["files"]): string | null {
  const unknown = keys.find(([key]) => !PLACE_KEYS.has(key));
  if (unknown !== undefined) {
    return `in another file with the key ${quoted(unknown[0])}`;
  }
  const twice = keys.find(([key], index) => keys.findIndex(([other]) => other === key) !== index);
  if (twice !== undefined) {
    return `in another file with the key ${quoted(twice[0])} twice`;
  }
  const place = new Map(keys);
  const location = place.get("location") ?? "";
  const file = files.find(({ path }) => path === location && path.endsWith(WEIGHTS_ENDING));
  if (file === undefined) {
    return `in ${quoted(location)}, which is no file of weights that the manifest lists`;
  }
  const [offset, length] = [wholeNumber(place.get("offset") ?? "0"), wholeNumber(place.get("length") ?? "0")];
  return offset + length <= file.bytes ? null : `beyond the end of ${location}`;
}

/** NaN for text that is no whole number; that is beyond any end. */
function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}
