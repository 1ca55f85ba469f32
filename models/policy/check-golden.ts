import { hostClock } from "../../daemon/ports/clock.js";
import type { Seconds } from "../../daemon/types/units.js";
import { BundleError } from "../bundle/bundle-error.js";
import type { GoldenVector } from "../bundle/golden.js";
import type { Provider } from "../generator/session.js";
import type { LoadedModel } from "./load-model.js";
import type { ModelInput, ModelOutput, Texts } from "./model.js";

/** Inferences that the latency is measured over. */
const TIMED_RUNS = 20;

/** Part of all codes that must agree on a GPU, whose arithmetic (TF32) may turn a near tie; on a CPU all must. */
const CUDA_AGREEMENT = 0.9;

/**
 * Runs the golden vectors with their texts generated, generated from the right and from a wrong draft, and forced, and
 * compares everything with what was exported; throws BundleError. Gives the p95 of a whole inference that finds its
 * draft right, after this warm-up.
 */
export async function checkGolden({ model, manifest, golden }: LoadedModel, provider: Provider): Promise<Seconds> {
  let wanted = 0;
  let agreeing = 0;
  for (const [index, vector] of golden.entries()) {
    for (const [how, text] of textSources(vector, golden[index + 1] ?? golden[0] ?? vector)) {
      const what = `golden vector ${index} with text ${how}`;
      const output = await model.infer({ ...vector, text });
      if (output.kind === "failed") {
        throw new BundleError("golden-mismatch", `${capitalise(what)} fails: ${output.detail}`);
      }
      checkTexts(what, vector, output);
      const expected = [...vector.coarseCodes, ...vector.fineCodes];
      const codes = [...output.tokens.coarse, ...output.tokens.fine];
      const same = codes.filter((code, position) => code === expected[position]).length;
      wanted += expected.length;
      agreeing += same;
      if (provider === "cpu" && same !== expected.length) {
        throw new BundleError("golden-mismatch", `${capitalise(what)} gives codes ${codes}, expected ${expected}`);
      }
      if (same === expected.length) {
        checkChunk(what, vector, output, manifest.golden.chunkTolerance);
      }
    }
  }
  if (agreeing < CUDA_AGREEMENT * wanted) {
    throw new BundleError("golden-mismatch", `Only ${agreeing} of ${wanted} golden codes agree on ${provider}`);
  }
  return measureLatency({ model, manifest, golden });
}

/** Every way to the texts of a vector; all must lead to the same. */
function textSources(vector: GoldenVector, other: GoldenVector): readonly [string, ModelInput["text"]][] {
  const generated = (draft: Texts | null): ModelInput["text"] => ({ kind: "generated", draft });
  return [
    ["generated", generated(null)],
    ["generated from itself", generated(textsOf(vector))],
    // The levels exchanged, so that it is wrong even in a bundle with one task.
    ["generated from a wrong draft", generated({ coarse: other.fine, fine: other.coarse })],
    ["forced", { kind: "forced", text: textsOf(vector) }],
  ];
}

function textsOf({ coarse, fine }: GoldenVector): Texts {
  return { coarse, fine };
}

function checkTexts(what: string, vector: GoldenVector, output: ModelOutput): void {
  for (const level of ["coarse", "fine"] as const) {
    if (output[level] !== vector[level]) {
      throw new BundleError(
        "golden-mismatch",
        `${capitalise(what)} gives the ${level} text "${output[level]}", expected "${vector[level]}"`,
      );
    }
  }
}

function checkChunk(what: string, vector: GoldenVector, output: ModelOutput, tolerance: number): void {
  vector.chunk.forEach((row, step) => {
    const found = [...(output.deltas[step] ?? []), output.grippers[step] ?? Number.NaN];
    row.forEach((expected, dimension) => {
      const value = found[dimension] ?? Number.NaN;
      const wanted = dimension === 7 ? Math.min(1, Math.max(0, expected)) : expected;
      if (!(Math.abs(value - wanted) <= tolerance)) {
        const where = `step ${step + 1}, dimension ${dimension + 1}`;
        throw new BundleError("golden-mismatch", `${capitalise(what)} gives ${value} at ${where}, expected ${wanted}`);
      }
    });
  });
}

async function measureLatency({ model, golden }: LoadedModel): Promise<Seconds> {
  const times: Seconds[] = [];
  while (times.length < TIMED_RUNS) {
    for (const vector of golden) {
      const startedAt = hostClock.now();
      await model.infer({ ...vector, text: { kind: "generated", draft: textsOf(vector) } });
      times.push(hostClock.now() - startedAt);
    }
  }
  times.sort((a, b) => a - b);
  return times[Math.ceil(0.95 * times.length) - 1] ?? Number.POSITIVE_INFINITY;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
