import type { TextSource } from "../../daemon/ports/policy.js";
import type { ActionTokens } from "../../daemon/types/chunk.js";
import type { Seconds } from "../../daemon/types/units.js";
import type { Failure } from "../failure.js";

/** The two levels of reasoning and action, in the order in which they are generated. */
export type Level = "coarse" | "fine";

/** Texts of both levels as ids, without delimiters. */
export interface TextIds {
  readonly coarse: readonly number[];
  readonly fine: readonly number[];
}

/** What a generator is asked for. */
export interface GeneratorInput {
  /** uint8 [2,S,S,3], front then wrist, RGB. */
  readonly images: Uint8Array;
  /** Normalised by the manifest's mean and std. */
  readonly proprio: Float32Array;
  /** The prompt without start token and trailing ids. */
  readonly prompt: readonly number[];
  readonly text: TextSource<TextIds>;
}

/** Time spent in the graphs, in seconds; `text` holds generating, checking and feeding of texts after the prefill. */
export interface GeneratorTimes {
  readonly vision: Seconds;
  readonly prefill: Seconds;
  readonly text: Seconds;
  readonly codes: Seconds;
}

/** Texts and codes of both levels. */
export interface Generated {
  readonly kind: "generated";
  readonly text: TextIds;
  readonly tokens: ActionTokens;
  readonly times: GeneratorTimes;
}

/** From images and words to reasoning and action codes, whichever profile the bundle has. */
export interface Generator {
  generate(input: GeneratorInput): Promise<Generated | Failure>;
}
