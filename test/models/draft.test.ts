import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { Failure } from "../../models/failure.js";
import type { Generated, GeneratorInput, TextIds } from "../../models/generator/generator.js";
import { makeNanoBundle, type NanoBundle, wordId } from "./nano-bundle.js";
import { openSplitParts, type SplitParts } from "./split-parts.js";

const generated = (draft: TextIds | null) => ({ kind: "generated", draft }) as const;

/** What an inference gave, without the times and the last digits of the probabilities. */
function essence(output: Generated | Failure) {
  if (output.kind === "failed") {
    return output;
  }
  const { text, tokens } = output;
  return { text, codes: [tokens.coarse, tokens.fine], probability: tokens.probability.map((p) => p.toFixed(4)) };
}

/** Runs of the language model that an inference needs when nothing has to be written id by id. */
function fewestRuns({ manifest }: SplitParts): number {
  const { depth, sequence } = manifest.vocabulary;
  // With the texts first, what opens the fine codes follows no text that could carry it.
  return depth.coarse + depth.fine + (sequence === "texts-first" ? 1 : 0);
}

for (const sequence of ["texts-first", "by-level"] as const) {
  describe(`a draft of the texts, ${sequence}`, () => {
    let bundle: NanoBundle;
    let parts: SplitParts;
    let input: Omit<GeneratorInput, "text">;
    let greedy: Generated;

    before(async () => {
      bundle = await makeNanoBundle({ sequence });
      parts = await openSplitParts(bundle.folder);
      const [vector] = parts.golden;
      assert.ok(vector !== undefined);
      input = parts.input(vector);
      const { output } = await parts.generate({ ...input, text: generated(null) });
      assert.ok(output.kind === "generated");
      greedy = output;
    });
    after(() => bundle.remove());

    it("costs no more runs than forced text when it is right", async () => {
      const { output, runs } = await parts.generate({ ...input, text: generated(greedy.text) });
      assert.deepEqual(essence(output), essence(greedy));
      assert.equal(runs, fewestRuns(parts));
      const forced = await parts.generate({ ...input, text: { kind: "forced", text: greedy.text } });
      assert.deepEqual(essence(forced.output), essence(greedy));
      assert.equal(forced.runs, runs);
    });

    it("is kept up to its first wrong id", async () => {
      const fine = [...greedy.text.fine.slice(0, 2), wordId("bread")];
      const { output, runs } = await parts.generate({ ...input, text: generated({ ...greedy.text, fine }) });
      assert.deepEqual(essence(output), essence(greedy));
      // One id to write, then the delimiters behind the text.
      assert.equal(runs, fewestRuns(parts) + greedy.text.fine.length - 2 + 1);
    });

    it("never changes what comes out, whatever it says", async () => {
      const ids = fc.array(fc.integer({ min: 0, max: parts.manifest.vocabulary.size - 1 }), { maxLength: 12 });
      const right = fc.nat({ max: 4 });
      const level = (text: readonly number[]) =>
        fc.tuple(right, ids).map(([kept, rest]) => [...text.slice(0, kept), ...rest]);
      const drafts = fc.record({ coarse: level(greedy.text.coarse), fine: level(greedy.text.fine) });
      await fc.assert(
        fc.asyncProperty(drafts, async (draft) => {
          assert.deepEqual(
            essence((await parts.generate({ ...input, text: generated(draft) })).output),
            essence(greedy),
          );
        }),
        { numRuns: 200, seed: 1 },
      );
    });
  });
}

describe("a draft for a model that misbehaves", () => {
  const [open, close, it1] = [2, 3, wordId("it")];
  const cases: readonly (readonly [string, ReadonlyMap<number, number>])[] = [
    [
      "never ends its text",
      new Map([
        [open, it1],
        [it1, it1],
      ]),
    ],
    ["writes no text", new Map([[open, close]])],
    [
      "writes a code into its text",
      new Map([
        [open, it1],
        [it1, 47],
      ]),
    ],
  ];
  for (const [what, follows] of cases) {
    it(`fails as without one when it ${what}`, async () => {
      const bundle = await makeNanoBundle({ follows });
      try {
        const parts = await openSplitParts(bundle.folder);
        const [vector] = parts.golden;
        assert.ok(vector !== undefined);
        const input = parts.input(vector);
        const { output } = await parts.generate({ ...input, text: generated(null) });
        assert.equal(output.kind, "failed");
        for (const coarse of [[], [it1], [it1, 47, 3], Array<number>(4).fill(it1), Array<number>(9).fill(it1)]) {
          const drafted = await parts.generate({ ...input, text: generated({ coarse, fine: coarse }) });
          assert.deepEqual(drafted.output, output);
        }
      } finally {
        await bundle.remove();
      }
    });
  }
});

for (const entry of await readdir(projectPath("models", "bundles"), { withFileTypes: true })) {
  if (entry.isDirectory()) {
    it(`never changes what the shipped bundle ${entry.name} makes of real observations`, async () => {
      const parts = await openSplitParts(projectPath("models", "bundles", entry.name));
      const random = [7, 300, 20, 20, 9, 150];
      for (const [index, vector] of parts.golden.slice(0, 2).entries()) {
        const input = parts.input(vector);
        const coarse = parts.tokenizer.encode(vector.coarse);
        const fine = parts.tokenizer.encode(vector.fine);
        const other = parts.golden[index + 1] ?? vector;
        const half = fine.length >> 1;
        const drafts: readonly (TextIds | null)[] = [
          null,
          { coarse, fine },
          { coarse: parts.tokenizer.encode(other.coarse), fine: parts.tokenizer.encode(other.fine) },
          { coarse: random, fine: [...fine.slice(0, -2), ...random] },
          { coarse: [], fine: [...fine, ...fine, ...fine] },
          { coarse: [...coarse, ...fine], fine: [...fine.slice(0, half), ...fine.slice(half + 1)] },
        ];
        for (const draft of drafts) {
          const { output } = await parts.generate({ ...input, text: generated(draft) });
          assert.ok(output.kind === "generated", output.kind === "failed" ? output.detail : "");
          assert.equal(parts.tokenizer.decode(output.text.coarse), vector.coarse);
          assert.equal(parts.tokenizer.decode(output.text.fine), vector.fine);
          const { tokens } = output;
          assert.deepEqual([tokens.coarse, tokens.fine], [vector.coarseCodes, vector.fineCodes]);
        }
      }
    });
  }
}
