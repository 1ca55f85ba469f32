import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { checkGolden } from "../../models/policy/check-golden.js";
import { type LoadedModel, loadModel } from "../../models/policy/load-model.js";
import type { ModelOutput, Texts } from "../../models/policy/model.js";
import {
  makeNanoBundle,
  NANO_COARSE,
  NANO_FINE,
  NANO_INSTRUCTION,
  type NanoBundle,
  plainImages,
  wordId,
} from "./nano-bundle.js";

const cpu = { provider: "cpu", threads: 1 } as const;
const input = { instruction: NANO_INSTRUCTION, images: plainImages(30, 60), proprio: Array<number>(8).fill(0.1) };

const FRESH = { kind: "generated", draft: null } as const;
const forced = (text: Texts) => ({ kind: "forced", text }) as const;

async function infer(loaded: LoadedModel, change: Partial<Parameters<LoadedModel["model"]["infer"]>[0]> = {}) {
  return loaded.model.infer({ ...input, text: FRESH, ...change });
}

async function inferred(...args: Parameters<typeof infer>): Promise<ModelOutput> {
  const output = await infer(...args);
  assert.equal(output.kind, "inferred", output.kind === "failed" ? output.detail : "");
  return output as ModelOutput;
}

describe("a loaded model", () => {
  let bundle: NanoBundle;
  let loaded: LoadedModel;

  before(async () => {
    bundle = await makeNanoBundle();
    loaded = await loadModel(bundle.folder, cpu, () => {});
  });
  after(() => bundle.remove());

  it("generates both texts, then codes of their bands with probabilities, then a chunk", async () => {
    const output = await inferred(loaded);
    assert.equal(output.coarse, NANO_COARSE);
    assert.equal(output.fine, NANO_FINE);
    assert.equal(output.tokens.coarse.length, 2);
    assert.equal(output.tokens.fine.length, 2);
    assert.ok(output.tokens.probability.every((value) => value > 0.25 - 1e-6 && value <= 1));
    assert.equal(output.deltas.length, 5);
    assert.ok(output.grippers.every((value) => value >= 0 && value <= 1));
  });

  it("gives the same codes whether the text is generated or forced", async () => {
    for (let shade = 0; shade < 250; shade += 10) {
      const images = plainImages(shade, 255 - shade);
      const free = await inferred(loaded, { images });
      const again = await inferred(loaded, { images, text: forced({ coarse: NANO_COARSE, fine: NANO_FINE }) });
      assert.deepEqual([again.tokens.coarse, again.tokens.fine], [free.tokens.coarse, free.tokens.fine]);
      assert.deepEqual(again.deltas, free.deltas);
    }
  });

  it("takes a state that is nearly 6 standard deviations away", async () => {
    await inferred(loaded, { proprio: Array<number>(8).fill(5.9) });
  });

  it("lets codes depend on the images, the text and the proprioception", async () => {
    const codes = async (change: Parameters<typeof infer>[1]) => {
      const { tokens } = await inferred(loaded, change);
      return [...tokens.coarse, ...tokens.fine, ...tokens.probability].join(" ");
    };
    const plain = await codes({});
    assert.notEqual(await codes({ images: plainImages(200, 60) }), plain);
    assert.notEqual(await codes({ proprio: Array<number>(8).fill(-0.9) }), plain);
    assert.notEqual(await codes({ text: forced({ coarse: "move the bread", fine: NANO_FINE }) }), plain);
    assert.notEqual(await codes({ instruction: "move the bread to the right" }), plain);
  });

  it("lets the goal codes depend on the kinematic text where that comes before them, and only there", async () => {
    const other = forced({ coarse: NANO_COARSE, fine: "hold it" });
    const levels = await makeNanoBundle({ sequence: "by-level" });
    try {
      const byLevel = await loadModel(levels.folder, cpu, () => {});
      for (const [model, same] of [
        [loaded, false],
        [byLevel, true],
      ] as const) {
        const [own, changed] = [await inferred(model), await inferred(model, { text: other })];
        const goal = ({ tokens }: ModelOutput) => [tokens.coarse, tokens.probability.slice(0, 2)];
        assert.equal(isDeepStrictEqual(goal(changed), goal(own)), same);
        assert.notDeepEqual(changed.tokens, own.tokens);
      }
    } finally {
      await levels.remove();
    }
  });

  it("agrees with its golden vectors and measures a latency", async () => {
    const latency = await checkGolden(loaded, "cpu");
    assert.ok(latency > 0 && latency < 10);
  });

  const refusals: readonly (readonly [string, Parameters<typeof infer>[1], string])[] = [
    ["an empty instruction", { instruction: " \n\t" }, "instruction-refused"],
    ["an instruction of 10 kB", { instruction: "move ".repeat(2000) }, "instruction-refused"],
    ["an instruction with control characters", { instruction: "move\u0000" }, "instruction-refused"],
    ["an instruction with a delimiter in it", { instruction: "move </fine> it" }, "instruction-refused"],
    [
      "a forced text with a delimiter in it",
      { text: forced({ coarse: "move </coarse>", fine: NANO_FINE }) },
      "instruction-refused",
    ],
    ["an empty forced text", { text: forced({ coarse: "", fine: NANO_FINE }) }, "text-empty"],
    [
      "a forced text over its budget",
      { text: forced({ coarse: "it it it it it", fine: NANO_FINE }) },
      "text-over-budget",
    ],
    ["a state that is 6.1 standard deviations away", { proprio: [...Array(7).fill(0.1), -6.1] }, "state-unfamiliar"],
    ["a proprioceptive value that is not finite", { proprio: Array<number>(8).fill(Number.NaN) }, "state-unfamiliar"],
  ];
  for (const [what, change, code] of refusals) {
    it(`refuses ${what}`, async () => {
      const output = await infer(loaded, change);
      assert.equal(output.kind, "failed");
      assert.equal(output.kind === "failed" && output.code, code);
    });
  }
});

describe("a model that misbehaves", () => {
  const coarse = 2;
  const cases: readonly (readonly [string, ReadonlyMap<number, number>, string])[] = [
    [
      "never ends its text",
      new Map([
        [coarse, wordId("it")],
        [wordId("it"), wordId("it")],
      ]),
      "text-over-budget",
    ],
    ["writes no text", new Map([[coarse, 3]]), "text-empty"],
    ["writes a code into its text", new Map([[coarse, 47]]), "text-malformed"],
    ["ends the sequence inside its text", new Map([[coarse, 1]]), "text-malformed"],
  ];
  for (const [what, follows, code] of cases) {
    it(`fails with ${code} when it ${what}`, async () => {
      const bundle = await makeNanoBundle({ follows });
      try {
        const output = await infer(await loadModel(bundle.folder, cpu, () => {}));
        assert.equal(output.kind === "failed" && output.code, code);
      } finally {
        await bundle.remove();
      }
    });
  }

  it("never leaves a band, whatever the logits want", async () => {
    const outside = new Map(
      [4, 8, ...Array.from({ length: 16 }, (_, code) => 32 + code)].map((id) => [id, wordId("it")]),
    );
    const bundle = await makeNanoBundle({ follows: outside });
    try {
      const loaded = await loadModel(bundle.folder, cpu, () => {});
      const output = await inferred(loaded, { text: forced({ coarse: NANO_COARSE, fine: NANO_FINE }) });
      assert.ok([...output.tokens.coarse, ...output.tokens.fine].every((code) => code >= 0 && code < 4));
    } finally {
      await bundle.remove();
    }
  });

  it("fails with implausible-chunk when the decoder leaves the clip", async () => {
    const bundle = await makeNanoBundle({
      decoder: (graph) => ({
        ...graph,
        nodes: graph.nodes.map((node) => (node.op === "Tanh" ? { ...node, op: "Exp" } : node)),
        constants: graph.constants.map((constant) =>
          constant.name === "weights"
            ? { ...constant, data: new Float32Array(constant.data.length).fill(3) }
            : constant,
        ),
      }),
    });
    try {
      const output = await infer(await loadModel(bundle.folder, cpu, () => {}), { images: plainImages(0, 255) });
      assert.equal(output.kind === "failed" && output.code, "implausible-chunk");
    } finally {
      await bundle.remove();
    }
  });

  it("gives no motion for codes whose chunk is not finite", async () => {
    const bundle = await makeNanoBundle({
      decoder: (graph) => ({
        ...graph,
        // The root of whatever is negative is not a number.
        nodes: graph.nodes.flatMap((node) =>
          node.op === "Tanh"
            ? [
                { ...node, outputs: ["signed"] },
                { op: "Sqrt", inputs: ["signed"], outputs: node.outputs },
              ]
            : [node],
        ),
      }),
    });
    try {
      const loaded = await loadModel(bundle.folder, cpu, () => {});
      for (let shade = 0; shade < 250; shade += 10) {
        const output = await infer(loaded, { images: plainImages(shade, 255 - shade) });
        assert.ok(output.kind === "failed", "what is not a number became motion");
        assert.equal(output.code, "implausible-chunk");
        assert.match(output.detail, /NaN at step \d, dimension \d/);
      }
    } finally {
      await bundle.remove();
    }
  });

  it("fails with not-finite when the language model overflows", async () => {
    const bundle = await makeNanoBundle({
      language: (graph) => ({
        ...graph,
        constants: graph.constants.map((constant) =>
          constant.name === "head"
            ? { ...constant, data: new Float32Array(constant.data.length).fill(3e38) }
            : constant,
        ),
      }),
    });
    try {
      const output = await infer(await loadModel(bundle.folder, cpu, () => {}));
      assert.equal(output.kind === "failed" && output.code, "not-finite");
    } finally {
      await bundle.remove();
    }
  });
});
