import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { LanguageModelSizes } from "../bundle/check-graphs.js";

/** One sequence in the making: the key/value cache of everything fed so far. */
export interface Sequence {
  /** Appends ids, in the first feed with the visual tokens after its first id; gives the logits after the last id. */
  feed(ids: readonly number[], visual?: Tensor): Promise<Float32Array>;
}

/** Starts an empty sequence on the language-model graph of profile `split`. */
export function startSequence(session: InferenceSession, sizes: LanguageModelSizes): Sequence {
  const empty = (): Tensor =>
    new Tensor("float32", new Float32Array(0), [sizes.layers, 1, sizes.heads, 0, sizes.headSize]);
  const noVisual = new Tensor("float32", new Float32Array(0), [1, 0, sizes.width]);
  let keys: Tensor = empty();
  let values: Tensor = empty();
  return {
    feed: async (ids, visual = noVisual) => {
      const outputs = await session.run({
        ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
        vis: visual,
        past_k: keys,
        past_v: values,
      });
      const { logits, k, v } = outputs;
      if (k === undefined || v === undefined || !(logits?.data instanceof Float32Array)) {
        throw new Error("the language model gave no logits or no cache; its graph was checked at load");
      }
      keys = k;
      values = v;
      return logits.data.subarray(logits.data.length - logits.data.length / ids.length);
    },
  };
}
