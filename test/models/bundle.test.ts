import assert from "node:assert/strict";
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BundleError, type BundleErrorCode } from "../../models/bundle/bundle-error.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import { checkGolden } from "../../models/policy/check-golden.js";
import { loadModel } from "../../models/policy/load-model.js";
import { editManifest, makeNanoBundle, type NanoBundle, type NanoChanges } from "./nano-bundle.js";
import type { Graph } from "./onnx-writer.js";

const cpu = { provider: "cpu", threads: 1 } as const;

async function load(folder: string): Promise<void> {
  await checkGolden(await loadModel(folder, cpu, () => {}), "cpu");
}

async function refused(folder: string, code: BundleErrorCode, words: RegExp): Promise<void> {
  await assert.rejects(load(folder), (error) => {
    assert.ok(error instanceof BundleError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
}

/** A copy of a manifest with some keys replaced, whatever their type. */
function withKeys(part: keyof Manifest, keys: Record<string, unknown>): (manifest: Manifest) => unknown {
  return (manifest) => ({ ...manifest, [part]: { ...Object(manifest[part]), ...keys } });
}

function withShape(name: string, shape: readonly (number | string)[]): (graph: Graph) => Graph {
  const change = (values: Graph["inputs"]) =>
    values.map((value) => (value.name === name ? { ...value, shape } : value));
  return (graph) => ({ ...graph, inputs: change(graph.inputs), outputs: change(graph.outputs) });
}

function renamed(from: string, to: string): (graph: Graph) => Graph {
  const swap = (name: string): string => (name === from ? to : name);
  const change = (values: Graph["inputs"]) => values.map((value) => ({ ...value, name: swap(value.name) }));
  return (graph) => ({
    ...graph,
    inputs: change(graph.inputs),
    outputs: change(graph.outputs),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(swap), outputs: node.outputs.map(swap) })),
  });
}

describe("a bundle in order", () => {
  it("loads and agrees with its golden vectors", async () => {
    const bundle = await makeNanoBundle();
    try {
      await load(bundle.folder);
    } finally {
      await bundle.remove();
    }
  });
});

describe("a bundle whose files were touched", () => {
  let bundle: NanoBundle;
  let folder: string;

  before(async () => {
    bundle = await makeNanoBundle();
    folder = await mkdtemp(join(tmpdir(), "kinevla-touched-"));
  });
  after(async () => {
    await bundle.remove();
    await rm(folder, { recursive: true });
  });

  let copies = 0;
  /** A fresh copy for each test. */
  async function copy(): Promise<string> {
    copies += 1;
    const path = join(folder, `copy-${copies}`);
    await cp(bundle.folder, path, { recursive: true });
    return path;
  }

  for (const name of ["vision.onnx", "lm.onnx", "decoder.onnx", "tokenizer.json", "golden.json"]) {
    it(`refuses a flipped bit in ${name}`, async () => {
      const path = await copy();
      const bytes = await readFile(join(path, name));
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
      await writeFile(join(path, name), bytes);
      await refused(path, "hash-mismatch", new RegExp(`^${name} has sha256`));
    });

    it(`refuses a truncated ${name}`, async () => {
      const path = await copy();
      await writeFile(join(path, name), (await readFile(join(path, name))).subarray(1));
      await refused(path, "hash-mismatch", /bytes, the manifest says/);
    });

    it(`refuses a missing ${name}`, async () => {
      const path = await copy();
      await rm(join(path, name));
      await refused(path, "file-missing", new RegExp(`^${name} is missing`));
    });

    it(`refuses a manifest that does not list ${name}`, async () => {
      const path = await copy();
      await rm(join(path, name));
      await editManifest(path, (manifest) => ({
        ...manifest,
        files: manifest.files.filter((file) => file.path !== name),
      }));
      await refused(path, "file-missing", new RegExp(`does not list ${name}`));
    });
  }

  it("refuses a folder without a manifest", async () => {
    const path = await copy();
    await rm(join(path, "bundle.json"));
    await refused(path, "bundle-missing", /no readable .*bundle\.json/);
  });

  it("refuses a manifest that is not JSON", async () => {
    const path = await copy();
    await writeFile(join(path, "bundle.json"), '{"schema":');
    await refused(path, "manifest-invalid", /is not JSON/);
  });

  it("refuses a file that the manifest does not list", async () => {
    const path = await copy();
    await mkdir(join(path, "more"));
    await writeFile(join(path, "more", "weights.bin"), "x");
    await refused(path, "file-unexpected", /^more\/weights\.bin /);
  });

  for (const stray of ["../lm.onnx", "/etc/hostname", "a/../../lm.onnx", "a\\b", ""]) {
    it(`refuses the listed path "${stray}"`, async () => {
      const path = await copy();
      await editManifest(path, (manifest) => ({
        ...manifest,
        files: [...manifest.files, { path: stray, sha256: "0".repeat(64), bytes: 1 }],
      }));
      await refused(path, stray === "" ? "manifest-invalid" : "path-escapes", /path|folder/);
    });
  }

  it("refuses a link that leaves the folder, even to the right bytes", async () => {
    const path = await copy();
    await copyFile(join(path, "lm.onnx"), join(folder, "outside.onnx"));
    await rm(join(path, "lm.onnx"));
    await symlink(join(folder, "outside.onnx"), join(path, "lm.onnx"));
    await refused(path, "path-escapes", /^lm\.onnx is a link/);
  });
});

describe("a bundle whose contents are wrong", () => {
  const cases: readonly (readonly [string, NanoChanges, BundleErrorCode, RegExp])[] = [
    ["a missing key", { manifest: withKeys("chunk", { period: undefined }) }, "manifest-invalid", /chunk\.period: /],
    ["an unknown key", { manifest: withKeys("chunk", { speed: 1 }) }, "manifest-invalid", /chunk: .*speed/],
    [
      "executed steps beyond the horizon",
      { manifest: withKeys("chunk", { execute: 6 }) },
      "manifest-invalid",
      /chunk\.execute/,
    ],
    ["another profile than its graphs", { manifest: (m) => ({ ...m, profile: "fused" }) }, "file-missing", /generator/],
    [
      "a runtime newer than ours",
      { manifest: withKeys("runtime", { minimumOrt: "99.1" }) },
      "runtime-too-old",
      /99\.1/,
    ],
    [
      "swapped statistics",
      { manifest: (m) => withKeys("normalisation", { q01: m.normalisation.q99, q99: m.normalisation.q01 })(m) },
      "statistics-implausible",
      /q01 .* is not below q99/,
    ],
    [
      "statistics in degrees",
      {
        manifest: (m) => {
          const degrees = (rows: number[][]) => rows.map((row) => row.map((value) => (value * 180) / Math.PI));
          return withKeys("normalisation", {
            q01: degrees(m.normalisation.q01),
            q99: degrees(m.normalisation.q99),
          })(m);
        },
      },
      "statistics-implausible",
      /allows a delta of .* rad/,
    ],
    [
      "permuted statistics",
      { manifest: (m) => withKeys("normalisation", { q99: [...m.normalisation.q99].reverse() })(m) },
      "golden-mismatch",
      /at step 1, dimension 1/,
    ],
    [
      "proprioceptive statistics in degrees",
      { manifest: withKeys("proprio", { mean: [0, 17, 0, 92, 0, 103, 0, 1], std: [10, 9, 3, 19, 3, 15, 19, 0.4] }) },
      "statistics-implausible",
      /value 1 \(commanded\) reach 10\.00, more than 6\.28/,
    ],
    [
      "proprioceptive statistics of other joints",
      { manifest: withKeys("proprio", { mean: [3, 0, 0, 0, 0, 0, 0, 0] }) },
      "golden-mismatch",
      /gives codes/,
    ],
    [
      "permuted joint names",
      { manifest: withKeys("joints", { names: ["J1", "J4", "J3", "J2", "J5", "J6", "J7"] }) },
      "joints-permuted",
      /J1, J4, J3/,
    ],
    [
      "joint names without numbers",
      { manifest: withKeys("joints", { names: ["base", "shoulder", "arm", "elbow", "forearm", "wrist", "hand"] }) },
      "joints-permuted",
      /base, shoulder/,
    ],
    ["joints in degrees", { manifest: withKeys("joints", { unit: "deg" }) }, "manifest-invalid", /joints\.unit/],
    [
      "statistics of permuted joints",
      {
        manifest: (m) => {
          const swap = (rows: number[][]) => rows.map(([first = 0, second = 0, ...rest]) => [second, first, ...rest]);
          const q01 = m.normalisation.q01.map((row) => row.map((value, joint) => value * (1 + joint / 10)));
          return withKeys("normalisation", { q01: swap(q01), q99: m.normalisation.q99 })(m);
        },
      },
      "golden-mismatch",
      /at step 1, dimension 1/,
    ],
    [
      "cameras in another order",
      { manifest: withKeys("images", { order: ["wrist", "front"] }) },
      "manifest-invalid",
      /images\.order/,
    ],
    [
      "golden pictures of swapped cameras",
      {
        // The tiny model's codes follow the pictures less the more text stands between.
        sequence: "by-level",
        golden: (vectors) =>
          vectors.map((vector) => {
            const half = vector.images.length / 2;
            return {
              ...vector,
              images: Uint8Array.from(vector.images, (_, at) => vector.images[(at + half) % (2 * half)] ?? 0),
            };
          }),
      },
      "golden-mismatch",
      /gives codes/,
    ],
    [
      "another chunk length",
      {
        manifest: (m) => {
          const { q01, q99 } = m.normalisation;
          const shorter = { q01: q01.slice(1), q99: q99.slice(1) };
          const cut = withKeys("normalisation", shorter)(m);
          return { ...Object(cut), chunk: { ...m.chunk, horizon: 4 } };
        },
        golden: (vectors) => vectors.map((vector) => ({ ...vector, chunk: vector.chunk.slice(1) })),
      },
      "graph-mismatch",
      /chunk has shape \[1, 5, 8\], expected \[1, 4, 8\]/,
    ],
    [
      "an opset newer than the runtime",
      { manifest: withKeys("runtime", { opset: 27 }) },
      "runtime-too-old",
      /opset 27; ONNX Runtime .* takes at most 26/,
    ],
    [
      "a graph whose opset is newer than its manifest says",
      { decoder: (graph) => ({ ...graph, opset: 99 }) },
      "graph-unreadable",
      /decoder\.onnx.*[Oo]pset/,
    ],
    [
      "a graph with an operator of nobody",
      { decoder: (graph) => ({ ...graph, nodes: graph.nodes.map((node) => ({ ...node, domain: "com.evil" })) }) },
      "operator-unknown",
      /^decoder\.onnx uses the operator "com\.evil\./,
    ],
    [
      "a graph with weights outside of the folder",
      {
        language: (graph) => ({
          ...graph,
          constants: graph.constants.map((constant) => ({ ...constant, external: [["location", "../../etc/shadow"]] })),
        }),
      },
      "path-escapes",
      /^lm\.onnx keeps the tensor ".*" in "\.\.\/\.\.\/etc\/shadow"/,
    ],
    [
      "a row of statistics too few",
      { manifest: (m) => withKeys("normalisation", { q01: m.normalisation.q01.slice(1) })(m) },
      "statistics-implausible",
      /4 and 5 rows/,
    ],
    [
      "a gripper that is scaled like a joint",
      { manifest: withKeys("normalisation", { mask: Array(8).fill(true) }) },
      "statistics-implausible",
      /mask/,
    ],
    [
      "overlapping bands",
      {
        manifest: withKeys("vocabulary", {
          base: [
            [47, 44],
            [39, 35],
          ],
        }),
      },
      "vocabulary-inconsistent",
      /id 44 is both/,
    ],
    [
      "a band outside",
      {
        manifest: withKeys("vocabulary", {
          base: [
            [50, 43],
            [39, 35],
          ],
        }),
      },
      "vocabulary-inconsistent",
      /outside 0\.\.47/,
    ],
    [
      "a band too few",
      { manifest: withKeys("vocabulary", { base: [[47], [39, 35]] }) },
      "vocabulary-inconsistent",
      /1 bands/,
    ],
    [
      "a vocabulary smaller than the tokenizer",
      { manifest: withKeys("vocabulary", { size: 47 }) },
      "vocabulary-inconsistent",
      /47/,
    ],
    [
      "proprioceptive widths",
      { manifest: withKeys("proprio", { mean: [0] }) },
      "proprio-inconsistent",
      /give 8 values/,
    ],
    [
      "a proprioceptive feature more than the graph takes",
      {
        manifest: withKeys("proprio", {
          features: ["commanded", "has-grasped", "gripper-commanded"],
          mean: Array(9).fill(0),
          std: Array(9).fill(1),
        }),
      },
      "golden-invalid",
      /8 proprio values, expected 9/,
    ],
    [
      "another image size",
      { vision: withShape("images", [1, 2, 8, 8, 3]) },
      "graph-mismatch",
      /images has shape \[1, 2, 8, 8, 3\]/,
    ],
    ["another proprio width", { vision: withShape("proprio", [1, 9]) }, "graph-unreadable", /proprio|MatMul/],
    [
      "codes of another type",
      {
        decoder: (graph) => ({
          ...graph,
          inputs: graph.inputs.map((value) => ({ ...value, type: "float32" as const })),
        }),
      },
      "graph-mismatch",
      /codes is float32, expected int64/,
    ],
    [
      "a vocabulary wider than the logits",
      { manifest: withKeys("vocabulary", { size: 49 }) },
      "graph-mismatch",
      /logits has shape \[1, T, 48\], expected \[1, any, 49\]/,
    ],
    ["a fixed text length", { language: withShape("ids", [1, 9]) }, "graph-mismatch", /ids has shape \[1, 9\]/],
    ["another input name", { language: renamed("past_k", "keys") }, "graph-mismatch", /keys is not in the contract/],
    [
      "another output name",
      { decoder: renamed("chunk", "actions") },
      "graph-mismatch",
      /actions is not in the contract/,
    ],
    ["another number of codes", { decoder: withShape("codes", [1, 3]) }, "graph-unreadable", /codes|MatMul/],
    [
      "golden codes that differ",
      {
        golden: ([first, ...rest]) => [
          { ...first, coarseCodes: (first?.coarseCodes ?? []).map((code) => (code + 1) % 4) },
          ...rest,
        ],
      },
      "golden-mismatch",
      /vector 0 with text generated gives codes/,
    ],
    [
      "a golden text that differs",
      { golden: (vectors) => vectors.map((vector) => ({ ...vector, fine: "hold" })) },
      "golden-mismatch",
      /fine text "hold with care", expected "hold"/,
    ],
    [
      "a golden chunk that differs",
      {
        golden: (vectors) =>
          vectors.map((vector) => ({ ...vector, chunk: vector.chunk.map((row) => row.map((value) => value + 1e-3)) })),
      },
      "golden-mismatch",
      /at step 1, dimension 1/,
    ],
    [
      "golden images of another size",
      { golden: (vectors) => vectors.map((vector) => ({ ...vector, images: new Uint8Array(3) })) },
      "golden-invalid",
      /3 bytes of images/,
    ],
    ["no golden vectors", { golden: () => [] }, "golden-invalid", /vectors/],
  ];
  for (const [what, changes, code, words] of cases) {
    it(`refuses ${what}`, async () => {
      const bundle = await makeNanoBundle(changes);
      try {
        await refused(bundle.folder, code, words);
      } finally {
        await bundle.remove();
      }
    });
  }
});
