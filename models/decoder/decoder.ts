import { type InferenceSession, Tensor } from "onnxruntime-node";
import type { Manifest } from "../bundle/manifest.js";
import { failure } from "../failure.js";
import { type DecodedChunk, unnormalise } from "./unnormalise.js";

/** Turns codes of both levels into a chunk. */
export interface Decoder {
  /** Codes 0..K-1, coarse first. */
  decode(codes: readonly number[]): Promise<DecodedChunk>;
}

/** The bi-level decoder graph of a bundle. */
export function createDecoder(session: InferenceSession, manifest: Manifest): Decoder {
  return {
    decode: async (codes) => {
      const input = new Tensor("int64", BigInt64Array.from(codes, BigInt), [1, codes.length]);
      const { chunk } = await session.run({ codes: input });
      if (!(chunk?.data instanceof Float32Array)) {
        return failure("implausible-chunk", "The decoder gave no float32 chunk");
      }
      return unnormalise(chunk.data, manifest);
    },
  };
}
