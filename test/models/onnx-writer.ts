/** Writes small ONNX models, so that tests can make any graph without Python; field numbers are those of onnx.proto. */

export type ElementType = "float32" | "uint8" | "int64";

const ELEMENT_TYPE: Readonly<Record<ElementType, number>> = { float32: 1, uint8: 2, int64: 7 };

export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
  /** Where the numbers lie instead, by the keys of ONNX. */
  readonly external?: readonly (readonly [key: string, value: string])[];
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers, or lists of them. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
  /** Graphs inside: bodies of loops and branches. */
  readonly graphs?: Readonly<Record<string, Graph>>;
  /** Default ONNX's own. */
  readonly domain?: string;
}

export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
  /** Default 17. */
  readonly opset?: number;
}

/** The bytes of a model with this graph. */
export function writeModel(graph: Graph): Uint8Array {
  return Buffer.concat([
    numberField(1, 8),
    bytesField(8, Buffer.concat([textField(1, ""), numberField(2, graph.opset ?? 17)])),
    bytesField(7, writeGraph(graph)),
  ]);
}

function writeGraph(graph: Graph): Buffer {
  return Buffer.concat([
    ...graph.nodes.map((node) => bytesField(1, writeNode(node))),
    textField(2, "graph"),
    ...graph.constants.map((constant) => bytesField(5, writeConstant(constant))),
    ...graph.inputs.map((value) => bytesField(11, writeValue(value))),
    ...graph.outputs.map((value) => bytesField(12, writeValue(value))),
  ]);
}

function writeNode(node: Node): Buffer {
  const attributes = Object.entries(node.attributes ?? {}).map(([name, value]) =>
    bytesField(
      5,
      typeof value === "number"
        ? Buffer.concat([textField(1, name), numberField(3, value), numberField(20, 2)])
        : Buffer.concat([textField(1, name), ...value.map((item) => numberField(8, item)), numberField(20, 7)]),
    ),
  );
  return Buffer.concat([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(4, node.op),
    ...attributes,
    ...Object.entries(node.graphs ?? {}).map(([name, graph]) =>
      bytesField(5, Buffer.concat([textField(1, name), bytesField(6, writeGraph(graph)), numberField(20, 5)])),
    ),
    ...(node.domain === undefined ? [] : [textField(7, node.domain)]),
  ]);
}

function writeConstant({ name, shape, data, external }: Constant): Buffer {
  return Buffer.concat([
    ...shape.map((size) => numberField(1, size)),
    numberField(2, data instanceof Float32Array ? ELEMENT_TYPE.float32 : ELEMENT_TYPE.int64),
    textField(8, name),
    ...(external === undefined
      ? [bytesField(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength))]
      : [
          ...external.map(([key, value]) => bytesField(13, Buffer.concat([textField(1, key), textField(2, value)]))),
          numberField(14, 1),
        ]),
  ]);
}

function writeValue({ name, type, shape }: Value): Buffer {
  const sizes = shape.map((size) =>
    bytesField(1, typeof size === "number" ? numberField(1, size) : textField(2, size)),
  );
  const tensor = Buffer.concat([numberField(1, ELEMENT_TYPE[type]), bytesField(2, Buffer.concat(sizes))]);
  return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(BigInt.asUintN(64, BigInt(value)))]);
}

function textField(field: number, text: string): Buffer {
  return bytesField(field, Buffer.from(text));
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
