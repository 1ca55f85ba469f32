import { type Field, fieldsOf, ProtobufError } from "./protobuf.js";

/** What a file holds beside numbers, as far as it can reach outside of it. */
export interface GraphContents {
  /** Every operator once, the domain before its name where it is not ONNX's own: `MatMul`, `com.microsoft.MatMulNBits`. */
  readonly operators: ReadonlySet<string>;
  /** Tensors whose numbers lie in another file. */
  readonly external: readonly ExternalTensor[];
}

/** A tensor that lies in another file: the keys with which its place is given, each as often as it is there. */
export interface ExternalTensor {
  readonly name: string;
  readonly keys: readonly (readonly [key: string, value: string])[];
}

/** Graphs inside graphs (loops, branches): ours have three. */
const DEEPEST = 8;

/** Field numbers of onnx.proto. */
const MODEL = { graph: 7, training: 20, functions: 25 } as const;
const GRAPH = { node: 1, initializer: 5, sparse: 15 } as const;
const NODE = { operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 } as const;
const SPARSE = { values: 1, indices: 2 } as const;
const TENSOR = { name: 8, external: 13, location: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/**
 * Lists what a model in ONNX's own format asks for; throws ProtobufError for any other file. A field that is there several
 * times counts each time: whichever of them the runtime goes by is listed.
 */
export function listGraph(bytes: Uint8Array): GraphContents {
  if (text(bytes.subarray(4, 8)) === "ORTM") {
    throw new ProtobufError("it is in ONNX Runtime's own format, which cannot be listed");
  }
  const listing = new Listing();
  for (const { number, value } of fieldsOf(bytes)) {
    if (number === MODEL.graph) {
      listing.graph(inside(value), 1);
    } else if (number === MODEL.functions || number === MODEL.training) {
      throw new ProtobufError("it has functions or training of its own");
    }
  }
  return listing;
}

class Listing implements GraphContents {
  readonly operators = new Set<string>();
  readonly external: ExternalTensor[] = [];

  graph(bytes: Uint8Array, depth: number): void {
    if (depth > DEEPEST) {
      throw new ProtobufError(`graphs lie more than ${DEEPEST} deep in one another`);
    }
    for (const { number, value } of fieldsOf(bytes)) {
      switch (number) {
        case GRAPH.node:
          this.#node(inside(value), depth);
          break;
        case GRAPH.initializer:
          this.#tensor(inside(value));
          break;
        case GRAPH.sparse:
          this.#sparse(inside(value));
          break;
      }
    }
  }

  #node(bytes: Uint8Array, depth: number): void {
    const names: string[] = [];
    const domains: string[] = [];
    for (const { number, value } of fieldsOf(bytes)) {
      switch (number) {
        case NODE.operator:
          names.push(text(inside(value)));
          break;
        case NODE.domain:
          domains.push(text(inside(value)));
          break;
        case NODE.attribute:
          this.#attribute(inside(value), depth);
          break;
      }
    }
    for (const domain of domains.length === 0 ? [""] : domains) {
      for (const name of names.length === 0 ? [""] : names) {
        this.operators.add(domain === "" || domain === "ai.onnx" ? name : `${domain}.${name}`);
      }
    }
  }

  #attribute(bytes: Uint8Array, depth: number): void {
    for (const { number, value } of fieldsOf(bytes)) {
      switch (number) {
        case ATTRIBUTE.graph:
        case ATTRIBUTE.graphs:
          this.graph(inside(value), depth + 1);
          break;
        case ATTRIBUTE.tensor:
        case ATTRIBUTE.tensors:
          this.#tensor(inside(value));
          break;
        case ATTRIBUTE.sparse:
        case ATTRIBUTE.sparses:
          this.#sparse(inside(value));
          break;
      }
    }
  }

  #sparse(bytes: Uint8Array): void {
    for (const { number, value } of fieldsOf(bytes)) {
      if (number === SPARSE.values || number === SPARSE.indices) {
        this.#tensor(inside(value));
      }
    }
  }

  #tensor(bytes: Uint8Array): void {
    let name = "";
    let isExternal = false;
    const keys: (readonly [string, string])[] = [];
    for (const { number, value } of fieldsOf(bytes)) {
      switch (number) {
        case TENSOR.name:
          name = text(inside(value));
          break;
        case TENSOR.location:
          isExternal ||= value !== 0;
          break;
        case TENSOR.external:
          isExternal = true;
          keys.push(...entries(inside(value)));
          break;
      }
    }
    if (isExternal) {
      this.external.push({ name, keys });
    }
  }
}

/** The key and the value of an entry; as many as there are where it has several. */
function entries(bytes: Uint8Array): (readonly [string, string])[] {
  const keys: string[] = [];
  const values: string[] = [];
  for (const { number, value } of fieldsOf(bytes)) {
    if (number === ENTRY.key) {
      keys.push(text(inside(value)));
    } else if (number === ENTRY.value) {
      values.push(text(inside(value)));
    }
  }
  return keys.flatMap((key) => values.map((value): readonly [string, string] => [key, value]));
}

function inside(value: Field["value"]): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new ProtobufError("a part of the graph is a number");
  }
  return value;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
