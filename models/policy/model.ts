import { hostClock } from "../../daemon/ports/clock.js";
import type { PhaseTimes, TextSource } from "../../daemon/ports/policy.js";
import type { ActionTokens } from "../../daemon/types/chunk.js";
import type { JointVector } from "../../daemon/types/units.js";
import type { Manifest } from "../bundle/manifest.js";
import type { Decoder } from "../decoder/decoder.js";
import { type Failure, failure } from "../failure.js";
import type { Generator, TextIds } from "../generator/generator.js";
import { reservedIds } from "../generator/vocabulary.js";
import { buildPrompt, normaliseInstruction } from "../tokenizer/prompt.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { normaliseProprio, unfamiliar } from "./observation-input.js";

/** Input of one inference, packed. */
export interface ModelInput {
  readonly instruction: string;
  /** uint8 [2,S,S,3], front then wrist, RGB. */
  readonly images: Uint8Array;
  /** Raw values in the manifest's order. */
  readonly proprio: readonly number[];
  readonly text: TextSource<Texts>;
}

/** Texts of both levels in words. */
export interface Texts {
  readonly coarse: string;
  readonly fine: string;
}

/** What one inference of the model gives. */
export interface ModelOutput {
  readonly kind: "inferred";
  readonly coarse: string;
  readonly fine: string;
  readonly tokens: ActionTokens;
  readonly deltas: readonly JointVector[];
  readonly grippers: readonly number[];
  readonly phases: PhaseTimes;
}

/** A loaded bundle: words and images in, text, codes and chunk out. */
export interface Model {
  infer(input: ModelInput): Promise<ModelOutput | Failure>;
}

/** Puts tokenizer, generator and decoder of one bundle together. */
export function assembleModel(manifest: Manifest, tokenizer: Tokenizer, generator: Generator, decoder: Decoder): Model {
  const reserved = reservedIds(manifest);

  const encode = (text: string, what: string): { readonly kind: "ids"; readonly ids: readonly number[] } | Failure => {
    const ids = tokenizer.encode(text);
    return ids.some((id) => reserved.has(id))
      ? failure("instruction-refused", `The ${what} holds a token that is not text; use plain words`)
      : { kind: "ids", ids };
  };

  const encodeTexts = (
    text: ModelInput["text"],
  ): { readonly kind: "source"; readonly source: TextSource<TextIds> } | Failure => {
    if (text.kind === "generated") {
      const draft = text.draft && {
        coarse: tokenizer.encode(text.draft.coarse),
        fine: tokenizer.encode(text.draft.fine),
      };
      return { kind: "source", source: { kind: "generated", draft } };
    }
    const coarse = encode(text.text.coarse, "forced coarse text");
    if (coarse.kind === "failed") {
      return coarse;
    }
    const fine = encode(text.text.fine, "forced fine text");
    return fine.kind === "failed"
      ? fine
      : { kind: "source", source: { kind: "forced", text: { coarse: coarse.ids, fine: fine.ids } } };
  };

  return {
    infer: async ({ instruction, images, proprio, text }) => {
      const startedAt = hostClock.now();
      const normalised = normaliseInstruction(instruction);
      if (normalised.kind === "refused") {
        return failure("instruction-refused", normalised.reason);
      }
      const prompt = encode(buildPrompt(manifest.prompt, normalised.text), "instruction");
      if (prompt.kind === "failed") {
        return prompt;
      }
      const texts = encodeTexts(text);
      if (texts.kind === "failed") {
        return texts;
      }
      const values = normaliseProprio(proprio, manifest);
      const strange = unfamiliar(values, manifest);
      if (strange !== null) {
        return failure("state-unfamiliar", strange);
      }
      const preparedAt = hostClock.now();
      const generated = await generator.generate({ images, proprio: values, prompt: prompt.ids, text: texts.source });
      if (generated.kind === "failed") {
        return generated;
      }
      const generatedAt = hostClock.now();
      const chunk = await decoder.decode([...generated.tokens.coarse, ...generated.tokens.fine]);
      if (chunk.kind === "failed") {
        return chunk;
      }
      const { coarse, fine } = generated.text;
      return {
        kind: "inferred",
        ...(text.kind === "forced"
          ? { coarse: text.text.coarse, fine: text.text.fine }
          : { coarse: tokenizer.decode(coarse), fine: tokenizer.decode(fine) }),
        tokens: generated.tokens,
        deltas: chunk.deltas,
        grippers: chunk.grippers,
        phases: {
          preprocess: preparedAt - startedAt,
          ...generated.times,
          decode: hostClock.now() - generatedAt,
        },
      };
    },
  };
}
