import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { BundleError } from "../bundle/bundle-error.js";

/** Text to ids and back, without special tokens on either side. */
export interface Tokenizer {
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
  /** Largest id that it can give. */
  readonly largestId: number;
}

/** Makes a tokenizer from the bytes of a Hugging Face `tokenizer.json`; throws BundleError. */
export function readTokenizer(bytes: Uint8Array): Tokenizer {
  let tokenizer: HuggingFaceTokenizer;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof json !== "object" || json === null) {
      throw new TypeError("not an object");
    }
    tokenizer = new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false });
  } catch (cause) {
    throw new BundleError("tokenizer-invalid", `The tokenizer does not load (${String(cause)})`, cause);
  }
  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => tokenizer.decode([...ids], { skip_special_tokens: true }).trim(),
    largestId: Math.max(-1, ...tokenizer.get_vocab(true).values()),
  };
}
