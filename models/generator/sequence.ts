import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { LanguageModelSizes } from "../bundle/check-graphs.js";

/** The part of a session that a generator needs. */
export interface Graph {
  run(feeds: InferenceSession.OnnxValueMapType): Promise<InferenceSession.OnnxValueMapType>;
}

/** One sequence in the making: the key/value cache of everything fed so far. */
export interface Sequence {
  /** Appends ids, in the first feed with the visual tokens after its first id; gives the logits after each of the ids. */
  feed(ids: readonly number[], visual?: Tensor): Promise<readonly Float32Array[]>;
  /** Takes the last `count` ids back; the visual tokens stay. */
  takeBack(count: number): void;
}

/** Starts an empty sequence on the language-model graph of profile `split`. */
export function startSequence(session: Graph, sizes: LanguageModelSizes): Sequence {
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
      const { data } = logits;
      const size = data.length / ids.length;
      return ids.map((_, index) => data.subarray(index * size, (index + 1) * size));
    },
    takeBack: (count) => {
      if (count === 0) {
        return;
      }
      keys = shorten(keys, count);
      values = shorten(values, count);
    },
  };
}

/** A cache [L,1,h,P,hd] without its last `count` positions. */
function shorten(cache: Tensor, count: number): Tensor {
  const [layers = 0, batch = 0, heads = 0, length = 0, headSize = 0] = cache.dims;
  const kept = length - count;
  if (count < 0 || kept < 0 || !(cache.data instanceof Float32Array)) {
    throw new RangeError(`${count} of ${length} positions cannot be taken back`);
  }
  const rows = layers * batch * heads;
  const data = new Float32Array(rows * kept * headSize);
  for (let row = 0; row < rows; row += 1) {
    const from = row * length * headSize;
    data.set(cache.data.subarray(from, from + kept * headSize), row * kept * headSize);
  }
  return new Tensor("float32", data, [layers, batch, heads, kept, headSize]);
}
