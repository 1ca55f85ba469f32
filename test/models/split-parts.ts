import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkSplitGraphs } from "../../models/bundle/check-graphs.js";
import { type GoldenVector, readGolden } from "../../models/bundle/golden.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import { readManifest } from "../../models/bundle/read-manifest.js";
import type { Failure } from "../../models/failure.js";
import type { Generated, GeneratorInput } from "../../models/generator/generator.js";
import type { Graph } from "../../models/generator/sequence.js";
import { openSession, signatureOf } from "../../models/generator/session.js";
import { createSplitGenerator } from "../../models/generator/split-generator.js";
import { normaliseProprio } from "../../models/policy/observation-input.js";
import { buildPrompt } from "../../models/tokenizer/prompt.js";
import { readTokenizer, type Tokenizer } from "../../models/tokenizer/tokenizer.js";

/** The generator of a bundle of profile `split`, its runs of the language model counted. */
export interface SplitParts {
  readonly manifest: Manifest;
  readonly tokenizer: Tokenizer;
  readonly golden: readonly GoldenVector[];
  /** Observation and prompt of a golden vector. */
  input(vector: GoldenVector): Omit<GeneratorInput, "text">;
  generate(input: GeneratorInput): Promise<{ readonly output: Generated | Failure; readonly runs: number }>;
}

/** Opens a bundle's generator without the rest of the model. */
export async function openSplitParts(folder: string): Promise<SplitParts> {
  const manifest = await readManifest(folder);
  const tokenizer = readTokenizer(await readFile(join(folder, manifest.tokenizer.path)));
  const golden = readGolden(await readFile(join(folder, manifest.golden.path)), manifest);
  const open = async (name: string) =>
    openSession(name, await readFile(join(folder, name)), folder, { provider: "cpu", threads: 1 });
  const [vision, language] = [await open("vision.onnx"), await open("lm.onnx")];
  const sizes = checkSplitGraphs(manifest, signatureOf(vision), signatureOf(language));
  let runs = 0;
  const counted: Graph = {
    run: (feeds) => {
      runs += 1;
      return language.run(feeds);
    },
  };
  const generator = createSplitGenerator(vision, counted, sizes, manifest);
  return {
    manifest,
    tokenizer,
    golden,
    input: ({ instruction, images, proprio }) => ({
      images,
      proprio: normaliseProprio(proprio, manifest),
      prompt: tokenizer.encode(buildPrompt(manifest.prompt, instruction)),
    }),
    generate: async (input) => {
      runs = 0;
      const output = await generator.generate(input);
      return { output, runs };
    },
  };
}
