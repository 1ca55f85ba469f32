/** What is mutated and which tests may find it, below `dist/test`; the quick ones first, since one is enough. */
export interface Part {
  /** Files, or folders with all of theirs. */
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

/** What keeps the arm from moving wrongly: a wrong character anywhere in it has to be found by a test. */
export const PARTS: Readonly<Record<string, Part>> = {
  guard: {
    mutate: ["dist/daemon/guard"],
    tests: [
      "guard/guard.test.js",
      "guard/verdicts.test.js",
      "guard",
      "motion/properties.test.js",
      "config/config.test.js",
    ],
  },
  limiter: {
    mutate: [
      "dist/daemon/motion/limiter.js",
      "dist/daemon/motion/root-search.js",
      "dist/daemon/motion/joint-braking.js",
      "dist/daemon/motion/motion-state.js",
      "dist/daemon/motion/clear-step.js",
      "dist/daemon/motion/stopping-ramp.js",
    ],
    tests: [
      "motion/joint-braking.test.js",
      "motion/stopping-ramp.test.js",
      "motion/properties.test.js",
      "motion/limiter.test.js",
      "motion/root-search.test.js",
      "guard/properties.test.js",
      "motion/path-pace.test.js",
      "motion/home-plan.test.js",
      "motion/clear-step.test.js",
    ],
  },
  modes: {
    mutate: ["dist/daemon/modes"],
    tests: ["modes/modes.test.js", "modes/control-model.test.js", "modes/model-check.test.js"],
  },
  codec: {
    mutate: [
      "dist/drivers/rm75/codec.js",
      "dist/drivers/rm75/json-object.js",
      "dist/drivers/rm75/line-splitter.js",
      "dist/drivers/rm75/message-decoder.js",
      "dist/drivers/rm75/state-fields.js",
    ],
    tests: ["rm75/codec.test.js", "rm75/properties.test.js", "rm75/wire-values.test.js"],
  },
};

/** Of the mutation testing report's schema, what is read here. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/** What came of one file, as `results.json` keeps it. */
export interface FileResult {
  readonly part: string;
  readonly file: string;
  /** Of the code and of the tests; from one to another where only its part's last sum is known. */
  readonly commit: string;
  readonly date: string;
  readonly mutants: number;
  readonly found: number;
  /** In words, as `equivalent.json` names them. */
  readonly survivors: readonly string[];
}

/** One change of the code, and what the tests said of it. */
export interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** Counted from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}
