import { Tensor } from "onnxruntime-node";
import type { LanguageModelSizes } from "../bundle/check-graphs.js";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";
import { chooseCode } from "./choose.js";
import type { Generator, GeneratorInput, Level } from "./generator.js";
import { type Graph, startSequence } from "./sequence.js";
import { feedText, rowAt, type SplitContext, writeText } from "./split-text.js";
import { textRules } from "./text-rules.js";
import { startWatch } from "./watch.js";

/** The generator of profile `split`: a vision graph and a language-model graph with its cache in our hands. */
export function createSplitGenerator(
  vision: Graph,
  language: Graph,
  sizes: LanguageModelSizes,
  manifest: Manifest,
): Generator {
  const { vocabulary } = manifest;
  const rules = textRules(manifest);
  const size = manifest.images.size;
  return {
    generate: async ({ images, proprio, prompt, text }) => {
      const watch = startWatch();
      const seen = await vision.run({
        images: new Tensor("uint8", images, [1, 2, size, size, 3]),
        proprio: new Tensor("float32", proprio, [1, proprio.length]),
      });
      watch.lap("vision");
      const context = { manifest, rules, sequence: startSequence(language, sizes), watch };
      const opening = [vocabulary.bos, ...prompt, ...vocabulary.trailing];
      const coarse = await generateLevel(context, "coarse", opening, text, seen.vis);
      if (coarse.kind === "failed") {
        return coarse;
      }
      const fine = await generateLevel(context, "fine", coarse.unfed, text);
      if (fine.kind === "failed") {
        return fine;
      }
      return {
        kind: "generated",
        text: { coarse: coarse.text, fine: fine.text },
        tokens: {
          coarse: coarse.codes,
          fine: fine.codes,
          probability: [...coarse.probability, ...fine.probability],
        },
        times: watch.times(),
      };
    },
  };
}

/** What one level left behind. */
interface LevelResult {
  readonly kind: "level";
  readonly text: readonly number[];
  readonly codes: readonly number[];
  readonly probability: readonly number[];
  /** Ids that belong to the sequence, but were not fed yet. */
  readonly unfed: readonly number[];
}

/** Text and codes of one level. */
async function generateLevel(
  context: SplitContext,
  level: Level,
  unfed: readonly number[],
  source: GeneratorInput["text"],
  visual?: Tensor,
): Promise<LevelResult | Failure> {
  const { delimiters } = context.manifest.vocabulary;
  const head = [...unfed, delimiters[level][0]];
  const fed =
    source.kind === "forced"
      ? await feedText(context, level, head, source.text[level], visual)
      : await writeText(context, level, head, source.draft?.[level] ?? [], visual);
  if (fed.kind === "failed") {
    return fed;
  }
  const codes = await generateCodes(context, level, fed.logits);
  if (codes.kind === "failed") {
    return codes;
  }
  const closeAction = (level === "coarse" ? delimiters.coarseAction : delimiters.fineAction)[1];
  return { ...codes, kind: "level", text: fed.ids, unfed: [codes.lastId, closeAction] };
}

/** The codes of one level, each from its own band only; the last one is not fed. */
async function generateCodes(
  { manifest, sequence, watch }: SplitContext,
  level: Level,
  first: Float32Array,
): Promise<
  (Omit<LevelResult, "kind" | "text" | "unfed"> & { readonly kind: "codes"; readonly lastId: number }) | Failure
> {
  const { base, codebookSize } = manifest.vocabulary;
  const codes: number[] = [];
  const probability: number[] = [];
  let logits = first;
  let lastId: number | null = null;
  for (const bandBase of base[level === "coarse" ? 0 : 1]) {
    if (lastId !== null) {
      logits = rowAt(await sequence.feed([lastId]), 0);
    }
    const chosen = chooseCode(logits, bandBase, codebookSize);
    if (chosen === null) {
      return failure("not-finite", `The language model gave a logit that is not finite in the ${level} codes`);
    }
    codes.push(chosen.code);
    probability.push(chosen.probability);
    lastId = bandBase - chosen.code;
  }
  watch.lap("codes");
  if (lastId === null) {
    throw new RangeError(`the ${level} level has no bands; the manifest was checked at load`);
  }
  return { kind: "codes", codes, probability, lastId };
}
