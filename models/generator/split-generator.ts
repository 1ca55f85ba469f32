import { Tensor } from "onnxruntime-node";
import type { TextSource } from "../../daemon/ports/policy.js";
import type { LanguageModelSizes } from "../bundle/check-graphs.js";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";
import { chooseCode } from "./choose.js";
import type { Generated, Generator, Level, TextIds } from "./generator.js";
import { type Graph, startSequence } from "./sequence.js";
import { type FedText, type Frame, feedText, rowAt, type SplitContext, writeText } from "./split-text.js";
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
      const levels = vocabulary.sequence === "texts-first" ? textsFirst : byLevel;
      return levels(context, opening, text, seen.vis);
    },
  };
}

/** Both texts, then the codes of both levels. */
async function textsFirst(
  context: SplitContext,
  opening: readonly number[],
  source: TextSource<TextIds>,
  visual?: Tensor,
): Promise<Generated | Failure> {
  const { coarseAction, fineAction } = context.manifest.vocabulary.delimiters;
  const coarseText = await layText(context, "coarse", opening, source, [], visual);
  if (coarseText.kind === "failed") {
    return coarseText;
  }
  const fineText = await layText(context, "fine", [], source, [coarseAction[0]]);
  if (fineText.kind === "failed") {
    return fineText;
  }
  const coarse = await generateCodes(context, "coarse", fineText.logits);
  if (coarse.kind === "failed") {
    return coarse;
  }
  const rows = await context.sequence.feed([...coarse.unfed, fineAction[0]]);
  const fine = await generateCodes(context, "fine", rowAt(rows, rows.length - 1));
  return fine.kind === "failed" ? fine : together(context, coarseText, fineText, coarse, fine);
}

/** Text and codes of one level after the other. */
async function byLevel(
  context: SplitContext,
  opening: readonly number[],
  source: TextSource<TextIds>,
  visual?: Tensor,
): Promise<Generated | Failure> {
  const { coarseAction, fineAction } = context.manifest.vocabulary.delimiters;
  const coarseText = await layText(context, "coarse", opening, source, [coarseAction[0]], visual);
  if (coarseText.kind === "failed") {
    return coarseText;
  }
  const coarse = await generateCodes(context, "coarse", coarseText.logits);
  if (coarse.kind === "failed") {
    return coarse;
  }
  const fineText = await layText(context, "fine", coarse.unfed, source, [fineAction[0]]);
  if (fineText.kind === "failed") {
    return fineText;
  }
  const fine = await generateCodes(context, "fine", fineText.logits);
  return fine.kind === "failed" ? fine : together(context, coarseText, fineText, coarse, fine);
}

function together(
  { watch }: SplitContext,
  coarseText: FedText,
  fineText: FedText,
  coarse: LevelCodes,
  fine: LevelCodes,
): Generated {
  return {
    kind: "generated",
    text: { coarse: coarseText.ids, fine: fineText.ids },
    tokens: { coarse: coarse.codes, fine: fine.codes, probability: [...coarse.probability, ...fine.probability] },
    times: watch.times(),
  };
}

/** A level's text behind ids that were not fed yet, with its delimiters and what follows them. */
function layText(
  context: SplitContext,
  level: Level,
  unfed: readonly number[],
  source: TextSource<TextIds>,
  after: readonly number[],
  visual?: Tensor,
): Promise<FedText | Failure> {
  const [open, close] = context.manifest.vocabulary.delimiters[level];
  const frame: Frame = { head: [...unfed, open], tail: [close, ...after] };
  return source.kind === "forced"
    ? feedText(context, level, frame, source.text[level], visual)
    : writeText(context, level, frame, source.draft?.[level] ?? [], visual);
}

/** The codes of one level. */
interface LevelCodes {
  readonly kind: "codes";
  readonly codes: readonly number[];
  readonly probability: readonly number[];
  /** Ids that belong to the sequence, but were not fed yet: the last code and the closing delimiter. */
  readonly unfed: readonly number[];
}

/** The codes of one level, each from its own band only; the last one is not fed. */
async function generateCodes(
  { manifest, sequence, watch }: SplitContext,
  level: Level,
  first: Float32Array,
): Promise<LevelCodes | Failure> {
  const { base, codebookSize, delimiters } = manifest.vocabulary;
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
  const close = (level === "coarse" ? delimiters.coarseAction : delimiters.fineAction)[1];
  return { kind: "codes", codes, probability, unfed: [lastId, close] };
}
