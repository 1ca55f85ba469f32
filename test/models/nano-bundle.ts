import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GoldenVector } from "../../models/bundle/golden.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import { loadModel } from "../../models/policy/load-model.js";
import { decoderGraph, graphBytes, languageGraph, type NanoSizes, type Spoil, visionGraph } from "./nano-graphs.js";

const IMAGE_SIZE = 4;
const HORIZON = 5;
const CODEBOOK_SIZE = 4;
const DEPTH = { coarse: 2, fine: 2 } as const;
const WORDS = "[UNK] do now move the bread left right front to with care hold it <pad>".split(" ");
const FIRST_WORD = 10;
const VOCABULARY_SIZE = 48;

/** Id of a word in the nano vocabulary. */
export function wordId(word: string): number {
  return FIRST_WORD + WORDS.indexOf(word);
}

/** The instruction that the nano model was, so to say, trained on. */
export const NANO_INSTRUCTION = "move the bread to the left";
export const NANO_COARSE = "move it";
export const NANO_FINE = "hold with care";

const DELIMITERS = { coarse: [2, 3], coarseAction: [4, 5], fine: [6, 7], fineAction: [8, 9] } satisfies Record<
  string,
  [number, number]
>;

/** Which id follows which in the texts; everything else is left to the context. */
const FOLLOWS: ReadonlyMap<number, number> = new Map([
  [DELIMITERS.coarse[0], wordId("move")],
  [wordId("move"), wordId("it")],
  [wordId("it"), DELIMITERS.coarse[1]],
  [DELIMITERS.fine[0], wordId("hold")],
  [wordId("hold"), wordId("with")],
  [wordId("with"), wordId("care")],
  [wordId("care"), DELIMITERS.fine[1]],
]);

type NanoSequence = Manifest["vocabulary"]["sequence"];

/** What a test changes in a nano bundle; changes of files happen before their hashes are taken. */
export interface NanoChanges {
  /** `texts-first` where it is not said. */
  readonly sequence?: NanoSequence;
  readonly follows?: ReadonlyMap<number, number>;
  readonly vision?: Spoil;
  readonly language?: Spoil;
  readonly decoder?: Spoil;
  readonly manifest?: (manifest: Manifest) => unknown;
  readonly golden?: (vectors: GoldenVector[]) => unknown[];
}

/** A bundle in a folder of its own. */
export interface NanoBundle {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Makes a complete bundle with a tiny rigged model; golden vectors are what the unchanged model computes. */
export async function makeNanoBundle(changes: NanoChanges = {}): Promise<NanoBundle> {
  const folder = await mkdtemp(join(tmpdir(), "kinevla-nano-"));
  const remove = () => rm(folder, { recursive: true });
  const { sequence = "texts-first" } = changes;
  const sizes: NanoSizes = {
    imageSize: IMAGE_SIZE,
    proprio: 8,
    visualTokens: 3,
    width: 6,
    vocabulary: VOCABULARY_SIZE,
    codes: DEPTH.coarse + DEPTH.fine,
    horizon: HORIZON,
  };
  const files = new Map<string, Uint8Array>([
    ["vision.onnx", graphBytes(visionGraph(sizes))],
    ["lm.onnx", graphBytes(languageGraph(sizes, FOLLOWS))],
    ["decoder.onnx", graphBytes(decoderGraph(sizes))],
    ["tokenizer.json", Buffer.from(JSON.stringify(tokenizerJson()))],
  ]);
  const vectors = await computeGolden(folder, files, sequence);
  files.set("vision.onnx", graphBytes(visionGraph(sizes), changes.vision));
  files.set("lm.onnx", graphBytes(languageGraph(sizes, changes.follows ?? FOLLOWS), changes.language));
  files.set("decoder.onnx", graphBytes(decoderGraph(sizes), changes.decoder));
  files.set("golden.json", goldenBytes(changes.golden?.(vectors) ?? vectors));
  await writeBundle(folder, files, sequence, changes.manifest);
  return { folder, remove };
}

/** Rewrites one JSON file of a bundle and, if it is listed, its hash in the manifest. */
export async function editManifest(folder: string, edit: (manifest: Manifest) => unknown): Promise<void> {
  const path = join(folder, "bundle.json");
  await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, "utf8")))));
}

/** Pictures of one colour each, as packed for the model. */
export function plainImages(front: number, wrist: number): Uint8Array {
  const bytes = new Uint8Array(2 * IMAGE_SIZE ** 2 * 3).fill(front);
  return bytes.fill(wrist, bytes.length / 2);
}

async function computeGolden(
  folder: string,
  files: Map<string, Uint8Array>,
  sequence: NanoSequence,
): Promise<GoldenVector[]> {
  const inputs = [plainImages(20, 200), plainImages(250, 10), plainImages(90, 120)].map((images, index) => ({
    instruction: NANO_INSTRUCTION,
    images,
    proprio: Array.from({ length: 8 }, (_, value) => Math.sin(index * 8 + value)),
  }));
  const blank = inputs.map((input) => ({
    ...input,
    coarse: "x",
    fine: "x",
    coarseCodes: [0, 0],
    fineCodes: [0, 0],
    chunk: Array.from({ length: HORIZON }, () => Array<number>(8).fill(0)),
  }));
  files.set("golden.json", goldenBytes(blank));
  await writeBundle(folder, files, sequence);
  const { model } = await loadModel(folder, { provider: "cpu", threads: 1 }, () => {});
  return Promise.all(
    inputs.map(async (input) => {
      const output = await model.infer({ ...input, text: { kind: "generated", draft: null } });
      if (output.kind === "failed") {
        throw new Error(`the nano model fails: ${output.detail}`);
      }
      const { coarse, fine, tokens, deltas, grippers } = output;
      const chunk = deltas.map((delta, step) => [...delta, grippers[step] ?? Number.NaN]);
      return { ...input, coarse, fine, coarseCodes: tokens.coarse, fineCodes: tokens.fine, chunk };
    }),
  );
}

function goldenBytes(vectors: readonly unknown[]): Uint8Array {
  return Buffer.from(
    JSON.stringify({ vectors }, (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ),
  );
}

async function writeBundle(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  sequence: NanoSequence,
  change: (manifest: Manifest) => unknown = (same) => same,
): Promise<void> {
  for (const [path, bytes] of files) {
    await writeFile(join(folder, path), bytes);
  }
  await writeFile(join(folder, "bundle.json"), JSON.stringify(change(nanoManifest(files, sequence))));
}

/** The manifest of a nano bundle with these files. */
export function nanoManifest(files: ReadonlyMap<string, Uint8Array>, sequence: NanoSequence = "texts-first"): Manifest {
  const rows = (value: number) =>
    Array.from({ length: HORIZON }, (_, step) => Array<number>(8).fill(value * (step + 1)));
  return {
    schema: "kinevla.bundle.v1",
    id: "nano",
    profile: "split",
    precision: "fp32",
    created: "2026-11-22T00:00:00Z",
    files: [...files].map(([path, bytes]) => ({
      path,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      bytes: bytes.length,
    })),
    tokenizer: { kind: "huggingface-json", path: "tokenizer.json" },
    vocabulary: {
      size: VOCABULARY_SIZE,
      bos: 0,
      eos: 1,
      pad: wordId("<pad>"),
      trailing: [],
      delimiters: DELIMITERS,
      base: [
        [47, 43],
        [39, 35],
      ],
      codebookSize: CODEBOOK_SIZE,
      depth: DEPTH,
      sequence,
    },
    prompt: "do {instruction} now",
    budget: { coarse: 4, fine: 8 },
    images: {
      order: ["front", "wrist"],
      size: IMAGE_SIZE,
      crop: 1,
      rotate180: { front: false, wrist: false },
      resize: "area",
    },
    chunk: { horizon: HORIZON, dimensions: 8, period: 0.1, target: "delta-from-commanded", execute: 3 },
    normalisation: {
      q01: rows(-0.02),
      q99: rows(0.03),
      mask: [true, true, true, true, true, true, true, false],
      clip: 1.3,
    },
    proprio: { features: ["commanded", "gripper-commanded"], mean: Array(8).fill(0), std: Array(8).fill(1) },
    joints: { names: ["J1", "J2", "J3", "J4", "J5", "J6", "J7"], unit: "rad" },
    gripper: { open: 1, closed: 0, threshold: 0.5, hysteresis: 0.1 },
    instructions: [NANO_INSTRUCTION],
    completion: { stillChunks: 3, stillness: 0.01 },
    golden: { path: "golden.json", chunkTolerance: 1e-5 },
    runtime: { minimumOrt: "1.20.0", opset: 17 },
    provenance: {},
  };
}

function tokenizerJson(): unknown {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      "<bos>",
      "<eos>",
      "<coarse>",
      "</coarse>",
      "<coarse_act>",
      "</coarse_act>",
      "<fine>",
      "</fine>",
      "<fine_act>",
      "</fine_act>",
    ].map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(WORDS.map((word) => [word, wordId(word)])),
    },
  };
}
