import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";
import type { Generator, GeneratorInput, Level, TextIds } from "./generator.js";
import type { Graph } from "./sequence.js";
import { type TextRules, textRules } from "./text-rules.js";
import { startWatch } from "./watch.js";

/** The generator of profile `fused`: one graph with every loop inside; all its time counts as `codes`. */
export function createFusedGenerator(session: Graph, manifest: Manifest): Generator {
  const { vocabulary, budget, images } = manifest;
  const rules = textRules(manifest);
  return {
    generate: async (input) => {
      const texts = textsToFeed(rules, input.text);
      if ("kind" in texts) {
        return texts;
      }
      const watch = startWatch();
      const outputs = await session.run({
        images: new Tensor("uint8", input.images, [1, 2, images.size, images.size, 3]),
        proprio: new Tensor("float32", input.proprio, [1, input.proprio.length]),
        prompt_ids: row([vocabulary.bos, ...input.prompt, ...vocabulary.trailing]),
        coarse_text: row(texts.coarse),
        fine_text: row(texts.fine),
        coarse_budget: new Tensor("int64", BigInt64Array.of(BigInt(budget.coarse)), [1]),
        fine_budget: new Tensor("int64", BigInt64Array.of(BigInt(budget.fine)), [1]),
        forced: new Tensor("bool", [input.text.kind === "forced"], [1]),
      });
      watch.lap("codes");
      const text = { coarse: integers(outputs, "coarse_out"), fine: integers(outputs, "fine_out") };
      for (const level of ["coarse", "fine"] as const) {
        const [next] = integers(outputs, `${level}_next`);
        const wrong = checkEnd(manifest, rules, level, text[level], next);
        if (wrong !== null) {
          return wrong;
        }
      }
      const probability = outputs.code_prob?.data;
      if (!(probability instanceof Float32Array) || !probability.every(Number.isFinite)) {
        return failure("not-finite", "The language model gave a logit that is not finite in the codes");
      }
      const tokens = {
        coarse: integers(outputs, "coarse_codes"),
        fine: integers(outputs, "fine_codes"),
        probability: [...probability],
      };
      return { kind: "generated", text, tokens, times: watch.times() };
    },
  };
}

/** What goes into the graph as text; a forced one must be a text, a draft is cut to what could be one. */
function textsToFeed(rules: TextRules, source: GeneratorInput["text"]): TextIds | Failure {
  if (source.kind === "forced") {
    return rules.check("coarse", source.text.coarse) ?? rules.check("fine", source.text.fine) ?? source.text;
  }
  return {
    coarse: rules.usablePart("coarse", source.draft?.coarse ?? []),
    fine: rules.usablePart("fine", source.draft?.fine ?? []),
  };
}

/** Why the graph stopped a text elsewhere than at its end; null when it stopped there. `next` is -1 for no finite logit. */
function checkEnd(
  { vocabulary }: Manifest,
  rules: TextRules,
  level: Level,
  ids: readonly number[],
  next: number | undefined,
): Failure | null {
  if (next === undefined || next < 0) {
    return failure("not-finite", `The language model gave a logit that is not finite in the ${level} text`);
  }
  const ended = next === vocabulary.delimiters[level][1];
  return rules.check(level, ended ? ids : [...ids, next]);
}

function row(ids: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
}

function integers(outputs: InferenceSession.OnnxValueMapType, name: string): readonly number[] {
  const data = outputs[name]?.data;
  if (!(data instanceof BigInt64Array)) {
    throw new Error(`the generator gave no ${name}; its graph was checked at load`);
  }
  return Array.from(data, Number);
}
