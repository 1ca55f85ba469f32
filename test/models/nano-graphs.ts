import { type Constant, type Graph, type Node, type Value, writeModel } from "./onnx-writer.js";

/** Sizes and the rigged behaviour of a nano model. */
export interface NanoSizes {
  readonly imageSize: number;
  readonly proprio: number;
  readonly visualTokens: number;
  readonly width: number;
  readonly vocabulary: number;
  readonly codes: number;
  readonly horizon: number;
}

/** One graph before it is written, so that a test can spoil it. */
export type Spoil = (graph: Graph) => Graph;

/** Mean colour of each picture and the proprioceptive values, mapped to visual tokens. */
export function visionGraph(sizes: NanoSizes): Graph {
  const { imageSize, proprio, visualTokens, width } = sizes;
  return {
    inputs: [tensor("images", "uint8", [1, 2, imageSize, imageSize, 3]), tensor("proprio", "float32", [1, proprio])],
    outputs: [tensor("vis", "float32", [1, visualTokens, width])],
    constants: [
      noise("weights", [6 + proprio, visualTokens * width], 1),
      floats("scale", [1], [255]),
      integers("flat", [1, 6]),
      integers("tokens", [1, visualTokens, width]),
    ],
    nodes: [
      { op: "Cast", inputs: ["images"], outputs: ["float"], attributes: { to: 1 } },
      { op: "ReduceMean", inputs: ["float"], outputs: ["means"], attributes: { axes: [2, 3], keepdims: 0 } },
      { op: "Div", inputs: ["means", "scale"], outputs: ["colours"] },
      { op: "Reshape", inputs: ["colours", "flat"], outputs: ["colour"] },
      { op: "Concat", inputs: ["colour", "proprio"], outputs: ["seen"], attributes: { axis: 1 } },
      { op: "MatMul", inputs: ["seen", "weights"], outputs: ["mixed"] },
      { op: "Tanh", inputs: ["mixed"], outputs: ["bounded"] },
      { op: "Reshape", inputs: ["bounded", "tokens"], outputs: ["vis"] },
    ],
  };
}

/**
 * A language model whose logits are a table entry of the last id plus a projection of the sum of everything fed so far:
 * the table writes the texts, the sum makes every code depend on images, prompt, texts and the codes before it.
 */
export function languageGraph(sizes: NanoSizes, follows: ReadonlyMap<number, number>): Graph {
  const { width, vocabulary } = sizes;
  const table = new Float32Array(vocabulary * vocabulary);
  for (const [id, next] of follows) {
    table[id * vocabulary + next] = 1000;
  }
  const cache = (name: string, length: string): Value => tensor(name, "float32", [1, 1, 1, length, width]);
  const slice = (input: string, from: string, to: string, output: string): Node => {
    return { op: "Slice", inputs: [input, from, to, "one"], outputs: [output] };
  };
  const join = (inputs: readonly string[], output: string, axis: number): Node => {
    return { op: "Concat", inputs, outputs: [output], attributes: { axis } };
  };
  return {
    inputs: [
      tensor("ids", "int64", [1, "T"]),
      tensor("vis", "float32", [1, "N", width]),
      cache("past_k", "P"),
      cache("past_v", "P"),
    ],
    outputs: [tensor("logits", "float32", [1, "T", vocabulary]), cache("k", "K"), cache("v", "K")],
    constants: [
      noise("embedding", [vocabulary, width], 2),
      noise("head", [width, vocabulary], 3),
      { name: "table", shape: [vocabulary, vocabulary], data: table },
      integers("zero", [0]),
      integers("one", [1]),
      integers("end", [Number.MAX_SAFE_INTEGER]),
      integers("leading", [0, 1]),
      { name: "axis", shape: [], data: BigInt64Array.of(1n) },
    ],
    nodes: [
      { op: "Gather", inputs: ["embedding", "ids"], outputs: ["words"] },
      slice("words", "zero", "one", "firstWord"),
      slice("words", "one", "end", "otherWords"),
      join(["firstWord", "vis", "otherWords"], "fed", 1),
      { op: "Squeeze", inputs: ["past_v", "leading"], outputs: ["past"] },
      { op: "ReduceSum", inputs: ["past", "one"], outputs: ["before"], attributes: { keepdims: 1 } },
      { op: "CumSum", inputs: ["fed", "axis"], outputs: ["sums"] },
      { op: "Add", inputs: ["sums", "before"], outputs: ["context"] },
      { op: "Shape", inputs: ["vis"], outputs: ["visualCount"], attributes: { start: 1, end: 2 } },
      { op: "Add", inputs: ["visualCount", "one"], outputs: ["afterVisual"] },
      slice("context", "zero", "one", "firstContext"),
      slice("context", "afterVisual", "end", "otherContext"),
      join(["firstContext", "otherContext"], "rows", 1),
      { op: "MatMul", inputs: ["rows", "head"], outputs: ["projected"] },
      { op: "Gather", inputs: ["table", "ids"], outputs: ["rigged"] },
      { op: "Add", inputs: ["projected", "rigged"], outputs: ["logits"] },
      { op: "Unsqueeze", inputs: ["fed", "leading"], outputs: ["cached"] },
      join(["past_k", "cached"], "k", 3),
      join(["past_v", "cached"], "v", 3),
    ],
  };
}

/** Codes mapped to a chunk between -1 and 1. */
export function decoderGraph({ codes, horizon }: NanoSizes): Graph {
  return {
    inputs: [tensor("codes", "int64", [1, codes])],
    outputs: [tensor("chunk", "float32", [1, horizon, 8])],
    constants: [
      noise("weights", [codes, horizon * 8], 4),
      floats("scale", [1], [4]),
      integers("steps", [1, horizon, 8]),
    ],
    nodes: [
      { op: "Cast", inputs: ["codes"], outputs: ["float"], attributes: { to: 1 } },
      { op: "Div", inputs: ["float", "scale"], outputs: ["scaled"] },
      { op: "MatMul", inputs: ["scaled", "weights"], outputs: ["mixed"] },
      { op: "Tanh", inputs: ["mixed"], outputs: ["bounded"] },
      { op: "Reshape", inputs: ["bounded", "steps"], outputs: ["chunk"] },
    ],
  };
}

/** The bytes of a graph after a test's change. */
export function graphBytes(graph: Graph, spoil: Spoil = (same) => same): Uint8Array {
  return writeModel(spoil(graph));
}

function tensor(name: string, type: Value["type"], shape: Value["shape"]): Value {
  return { name, type, shape };
}

function floats(name: string, shape: readonly number[], values: readonly number[]): Constant {
  return { name, shape, data: Float32Array.from(values) };
}

function integers(name: string, values: readonly number[]): Constant {
  return { name, shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** Seeded values in -1..1 (a linear congruential generator), the same on every machine. */
function noise(name: string, shape: readonly number[], seed: number): Constant {
  let state = seed;
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { name, shape, data };
}
