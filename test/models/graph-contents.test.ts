import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { BundleError, type BundleErrorCode } from "../../models/bundle/bundle-error.js";
import { checkContents } from "../../models/bundle/check-contents.js";
import { listGraph } from "../../models/bundle/list-graph.js";
import { ProtobufError } from "../../models/bundle/protobuf.js";
import { type Constant, type Graph, type Node, writeModel } from "./onnx-writer.js";

/** What the manifest of these tests lists. */
const FILES = [
  { path: "lm.onnx.data", bytes: 4096, sha256: "" },
  { path: "tokenizer.json", bytes: 4096, sha256: "" },
];

const ADD: Node = { op: "Add", inputs: ["a", "b"], outputs: ["c"] };
const EMPTY: Graph = { inputs: [], outputs: [], constants: [], nodes: [] };

function external(...keys: NonNullable<Constant["external"]>): Graph {
  return { ...EMPTY, constants: [{ name: "weight", shape: [2], data: new Float32Array(2), external: keys }] };
}

/** A loop in a loop in a loop with something innermost. */
function nested(depth: number, innermost: Graph): Graph {
  return depth === 0
    ? innermost
    : { ...EMPTY, nodes: [{ op: "Loop", inputs: [], outputs: [], graphs: { body: nested(depth - 1, innermost) } }] };
}

function check(bytes: Uint8Array): void {
  checkContents("lm.onnx", bytes, { files: FILES });
}

function refused(bytes: Uint8Array, code: BundleErrorCode, words: RegExp): void {
  assert.throws(
    () => check(bytes),
    (error) => error instanceof BundleError && error.code === code && words.test(error.message),
  );
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** A field with a length. */
function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

describe("PO-12: operators that nobody has looked at", () => {
  const cases: readonly (readonly [what: string, graph: Graph, words: RegExp])[] = [
    ["of another domain", { ...EMPTY, nodes: [{ ...ADD, domain: "com.evil" }] }, /operator "com\.evil\.Add"/],
    ["that reads files", { ...EMPTY, nodes: [{ ...ADD, op: "EPContext", domain: "com.microsoft" }] }, /EPContext/],
    ["that draws random numbers", { ...EMPTY, nodes: [{ ...ADD, op: "RandomNormal" }] }, /"RandomNormal"/],
    ["inside a loop inside a loop", nested(2, { ...EMPTY, nodes: [{ ...ADD, op: "Evil" }] }), /"Evil"/],
    ["without a name", { ...EMPTY, nodes: [{ ...ADD, op: "" }] }, /operator ""/],
  ];
  for (const [what, graph, words] of cases) {
    it(`${what}: refused`, () => refused(writeModel(graph), "operator-unknown", words));
  }

  it("behind one that is known, in the same node or in a second graph: refused", () => {
    // The last of a repeated field is what the runtime goes by; of a repeated graph it takes all.
    const node = Buffer.concat([field(4, "Evil"), field(4, "Add")]);
    refused(field(7, field(1, node)), "operator-unknown", /"Evil"/);
    const second = Buffer.concat([field(7, field(1, field(4, "Add"))), field(7, field(1, field(4, "Evil")))]);
    refused(second, "operator-unknown", /"Evil"/);
  });

  it("are none in what this project exports", () => {
    check(writeModel({ ...EMPTY, nodes: [ADD, { ...ADD, domain: "ai.onnx" }] }));
    for (const folder of [
      ["models", "bundles", "table7-v3"],
      ["test", "fixtures", "openvla-nano"],
    ]) {
      const { files } = JSON.parse(readFileSync(projectPath(...folder, "bundle.json"), "utf8"));
      for (const name of ["vision.onnx", "lm.onnx", "decoder.onnx"]) {
        checkContents(name, readFileSync(projectPath(...folder, name)), { files });
      }
    }
  });
});

describe("PO-12: weights in another file", () => {
  const LISTED = ["location", "lm.onnx.data"] as const;
  const cases: readonly (readonly [what: string, graph: Graph, words: RegExp])[] = [
    ["above the folder", external(["location", "../lm.onnx.data"]), /"weight" in "\.\.\/lm\.onnx\.data"/],
    ["of the system", external(["location", "/etc/passwd.onnx.data"]), /passwd/],
    ["in memory", external(["location", "*/_ORT_MEM_ADDR_/*"], ["offset", "4096"]), /_ORT_MEM_ADDR_/],
    ["that is listed and holds no weights", external(["location", "tokenizer.json"]), /no file of weights/],
    ["by another way to the same name", external(["location", "./lm.onnx.data"]), /no file of weights/],
    ["without a name", external(), /in ""/],
    ["beyond its end", external(LISTED, ["offset", "4090"], ["length", "8"]), /beyond the end of lm\.onnx\.data/],
    ["before its beginning", external(LISTED, ["offset", "-8"]), /beyond the end/],
    ["named twice", external(LISTED, ["location", "../x"]), /key "location" twice/],
    ["with a key of nobody", external(LISTED, ["basepath", ".."]), /key "basepath"/],
    ["inside a branch", nested(1, external(["location", "../x"])), /"\.\.\/x"/],
  ];
  for (const [what, graph, words] of cases) {
    it(`${what}: refused`, () => refused(writeModel(graph), "path-escapes", words));
  }

  it("of a tensor that is an attribute, or sparse: refused", () => {
    const tensor = Buffer.concat([
      field(8, "hidden"),
      field(13, Buffer.concat([field(1, "location"), field(2, "../x")])),
    ]);
    for (const attribute of [
      field(5, tensor),
      field(10, tensor),
      field(22, field(1, tensor)),
      field(23, field(2, tensor)),
    ]) {
      const node = Buffer.concat([field(4, "Constant"), field(5, attribute)]);
      refused(field(7, field(1, node)), "path-escapes", /"hidden" in "\.\.\/x"/);
    }
    refused(field(7, field(15, field(1, tensor))), "path-escapes", /hidden/);
  });

  it("that the manifest lists, as far as it goes: taken", () => {
    check(writeModel(external(LISTED, ["offset", "4088"], ["length", "8"])));
    check(writeModel(external(LISTED)));
    check(writeModel(nested(3, external(LISTED, ["length", "8"]))));
  });
});

describe("PO-12: bytes that are no graph", () => {
  const whole = Buffer.from(writeModel({ ...EMPTY, nodes: [ADD] }));
  const cases: readonly (readonly [what: string, bytes: Uint8Array, words: RegExp])[] = [
    ["in the runtime's own format", Buffer.from("\x12\x06\x00\x00ORTM", "latin1"), /own format/],
    ["with functions of its own", Buffer.concat([whole, field(25, "")]), /functions or training/],
    ["with training of its own", Buffer.concat([whole, field(20, "")]), /functions or training/],
    ["cut off", whole.subarray(0, -1), /a field of \d+ bytes where/],
    ["that end inside a number", Buffer.of(8, 0x80), /inside a number/],
    ["with a number of 11 bytes", Buffer.from([8, ...Array(10).fill(0x80), 1]), /more than 64 bits/],
    ["with a group", Buffer.of(0x0b), /field 1 is of kind 3/],
    ["with field 0", Buffer.of(2, 0), /number 0/],
    ["with a graph that is a number", Buffer.of(0x38, 1), /is a number/],
    ["nine graphs deep", writeModel(nested(8, EMPTY)), /more than 8 deep/],
  ];
  for (const [what, bytes, words] of cases) {
    it(`${what}: refused`, () => refused(bytes, "graph-unreadable", words));
  }

  it("eight graphs deep, with fields of every kind that nobody looks at: taken", () => {
    const fixed = Buffer.concat([
      Buffer.from([0xd1, 0x0f, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([0xd5, 0x0f, 1, 2, 3, 4]),
    ]);
    check(Buffer.concat([writeModel(nested(7, EMPTY)), fixed]));
  });

  it("cut anywhere is refused or no more than a beginning, and throws nothing else", () => {
    for (let length = 0; length < whole.length; length += 1) {
      try {
        assert.ok(listGraph(whole.subarray(0, length)).operators.size <= 1);
      } catch (error) {
        assert.ok(error instanceof ProtobufError, String(error));
      }
    }
  });
});
