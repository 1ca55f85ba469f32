import { type InferenceSession, Tensor } from "onnxruntime-node";
import { hostClock } from "../../daemon/ports/clock.js";
import type { LanguageModelSizes } from "../bundle/check-graphs.js";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";
import { chooseCode, chooseId } from "./choose.js";
import type { Generator, GeneratorTimes, Level } from "./generator.js";
import { type Sequence, startSequence } from "./sequence.js";
import { reservedIds } from "./vocabulary.js";

/** What one level left behind. */
interface LevelResult {
  readonly kind: "level";
  readonly text: readonly number[];
  readonly codes: readonly number[];
  readonly probability: readonly number[];
  /** Ids that belong to the sequence, but were not fed yet. */
  readonly unfed: readonly number[];
}

/** The generator of profile `split`: a vision graph and a language-model graph with its cache in our hands. */
export function createSplitGenerator(
  vision: InferenceSession,
  language: InferenceSession,
  sizes: LanguageModelSizes,
  manifest: Manifest,
): Generator {
  const { vocabulary } = manifest;
  const reserved = reservedIds(manifest);
  const size = manifest.images.size;
  return {
    generate: async ({ images, proprio, prompt, forced }) => {
      const watch = startWatch();
      const seen = await vision.run({
        images: new Tensor("uint8", images, [1, 2, size, size, 3]),
        proprio: new Tensor("float32", proprio, [1, proprio.length]),
      });
      watch.lap("vision");
      const context = { manifest, reserved, sequence: startSequence(language, sizes), watch };
      const opening = [vocabulary.bos, ...prompt, ...vocabulary.trailing];
      const coarse = await generateLevel(context, "coarse", opening, forced?.coarse ?? null, seen.vis);
      if (coarse.kind === "failed") {
        return coarse;
      }
      const fine = await generateLevel(context, "fine", coarse.unfed, forced?.fine ?? null);
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

interface Context {
  readonly manifest: Manifest;
  readonly reserved: ReadonlySet<number>;
  readonly sequence: Sequence;
  readonly watch: Watch;
}

/** Text and codes of one level; forced text goes into the same run as everything around it. */
async function generateLevel(
  context: Context,
  level: Level,
  unfed: readonly number[],
  forced: readonly number[] | null,
  visual?: Tensor,
): Promise<LevelResult | Failure> {
  const { sequence, watch, manifest } = context;
  const { delimiters } = manifest.vocabulary;
  const [open, close] = delimiters[level];
  const [openAction, closeAction] = level === "coarse" ? delimiters.coarseAction : delimiters.fineAction;
  const phase = level === "coarse" ? "prefill" : "text";
  const head = [...unfed, open];

  let text = forced;
  let logits: Float32Array;
  if (text !== null) {
    const wrong = checkText(context, level, text);
    if (wrong !== null) {
      return wrong;
    }
    logits = await sequence.feed([...head, ...text, close, openAction], visual);
    watch.lap(phase);
  } else {
    const first = await sequence.feed(head, visual);
    watch.lap(phase);
    const generated = await generateText(context, level, first);
    if (generated.kind === "failed") {
      return generated;
    }
    text = generated.ids;
    logits = await sequence.feed([close, openAction]);
    watch.lap("text");
  }

  const codes = await generateCodes(context, level, logits);
  return codes.kind === "failed" ? codes : { ...codes, kind: "level", text, unfed: [codes.lastId, closeAction] };
}

async function generateText(
  context: Context,
  level: Level,
  first: Float32Array,
): Promise<{ readonly kind: "text"; readonly ids: readonly number[] } | Failure> {
  const close = context.manifest.vocabulary.delimiters[level][1];
  const ids: number[] = [];
  let logits = first;
  for (;;) {
    const id = chooseId(logits);
    if (id === null) {
      return failure("not-finite", `The language model gave a logit that is not finite in the ${level} text`);
    }
    if (id === close && ids.length > 0) {
      return { kind: "text", ids };
    }
    const wrong = checkText(context, level, id === close ? ids : [...ids, id]);
    if (wrong !== null) {
      return wrong;
    }
    ids.push(id);
    logits = await context.sequence.feed([id]);
  }
}

/** Why a text may not stand in the sequence; null when it may. */
function checkText({ manifest, reserved }: Context, level: Level, ids: readonly number[]): Failure | null {
  const budget = manifest.budget[level];
  if (ids.length === 0) {
    return failure("text-empty", `The ${level} text is empty`);
  }
  if (ids.length > budget) {
    return failure("text-over-budget", `The ${level} text has more than ${budget} tokens`);
  }
  const wrong = ids.find((id) => reserved.has(id));
  return wrong === undefined
    ? null
    : failure("text-malformed", `The ${level} text holds id ${wrong}, which is not text`);
}

/** The codes of one level, each from its own band only; the last one is not fed. */
async function generateCodes(
  { manifest, sequence, watch }: Context,
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
      logits = await sequence.feed([lastId]);
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

interface Watch {
  /** Adds the time since the last lap to a phase. */
  lap(phase: keyof GeneratorTimes): void;
  times(): GeneratorTimes;
}

function startWatch(): Watch {
  const times = { vision: 0, prefill: 0, text: 0, codes: 0 };
  let last = hostClock.now();
  return {
    lap: (phase) => {
      const now = hostClock.now();
      times[phase] += now - last;
      last = now;
    },
    times: () => times,
  };
}
