import type { AlignedStep } from "./align.js";

/** One episode as it goes into a data set: on its grid, without idle steps. */
export interface ExportedEpisode {
  readonly instruction: string;
  readonly steps: readonly AlignedStep[];
}
