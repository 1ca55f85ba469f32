import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { BundleError, type BundleErrorCode } from "../../models/bundle/bundle-error.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import type { Failure } from "../../models/failure.js";
import { checkGolden } from "../../models/policy/check-golden.js";
import { type LoadedModel, loadModel } from "../../models/policy/load-model.js";
import type { ModelInput, ModelOutput, Texts } from "../../models/policy/model.js";
import { editManifest } from "./nano-bundle.js";

const cpu = { provider: "cpu", threads: 1 } as const;
const split = projectPath("test", "fixtures", "openvla-nano");
// `python -m kinevla_training fuse` made manifest and generator from the bundle above; the other files are the same.
const fused = projectPath("test", "fixtures", "openvla-nano-fused");

const forced = (text: Texts) => ({ kind: "forced", text }) as const;
const generated = (draft: Texts | null) => ({ kind: "generated", draft }) as const;

/** What an inference gave, without the times and the last digits of the probabilities. */
function essence(output: ModelOutput | Failure) {
  if (output.kind === "failed") {
    return output;
  }
  const { coarse, fine, tokens, deltas, grippers } = output;
  const probability = tokens.probability.map((value) => value.toFixed(4));
  return { coarse, fine, codes: [tokens.coarse, tokens.fine], probability, deltas, grippers };
}

describe("a bundle of profile fused", () => {
  let folder: string;
  let copies = 0;
  let one: LoadedModel;
  let other: LoadedModel;

  /** A copy of both bundles, the fused one put together, with the same change to both manifests. */
  async function copy(
    change: (manifest: Manifest) => unknown = (same) => same,
  ): Promise<{ readonly split: string; readonly fused: string }> {
    copies += 1;
    const places = { split: join(folder, `split-${copies}`), fused: join(folder, `fused-${copies}`) };
    await cp(split, places.split, { recursive: true });
    await cp(split, places.fused, { recursive: true });
    await cp(fused, places.fused, { recursive: true });
    await Promise.all(["vision.onnx", "lm.onnx"].map((name) => rm(join(places.fused, name))));
    await editManifest(places.split, change);
    await editManifest(places.fused, change);
    return places;
  }

  const load = (path: string) => loadModel(path, cpu, () => {});

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "kinevla-fused-"));
    const places = await copy();
    one = await load(places.split);
    other = await load(places.fused);
  });
  after(() => rm(folder, { recursive: true }));

  /** The same inference with both profiles. */
  async function both(text: ModelInput["text"], models = [one, other]) {
    const [vector] = one.golden;
    assert.ok(vector !== undefined);
    const input = { instruction: vector.instruction, images: vector.images, proprio: vector.proprio, text };
    const [left, right] = await Promise.all(models.map(({ model }) => model.infer(input)));
    assert.ok(left !== undefined && right !== undefined);
    assert.deepEqual(essence(right), essence(left));
    return right;
  }

  it("agrees with the golden vectors of its split twin", async () => {
    await checkGolden(other, "cpu");
    assert.deepEqual(other.golden, one.golden);
  });

  it("gives what profile split gives, whatever the draft", async () => {
    const greedy = await both(generated(null));
    assert.ok(greedy.kind === "inferred");
    const drafts: readonly Texts[] = [
      greedy,
      { coarse: greedy.coarse, fine: "move the bread" },
      { coarse: greedy.fine, fine: greedy.coarse },
      { coarse: "", fine: "</fine>" },
      { coarse: `${greedy.coarse} ${greedy.coarse}`.repeat(9), fine: greedy.fine.slice(0, -6) },
    ];
    for (const draft of drafts) {
      assert.deepEqual(essence(await both(generated(draft))), essence(greedy));
    }
  });

  it("takes forced text as it is, and refuses what is none", async () => {
    const output = await both(forced({ coarse: "carry the bread", fine: "to the front" }));
    assert.ok(output.kind === "inferred" && output.fine === "to the front");
    const refusals: readonly (readonly [Texts, string])[] = [
      [{ coarse: "", fine: "to the front" }, "text-empty"],
      [{ coarse: "move the bread ".repeat(30), fine: "to the front" }, "text-over-budget"],
    ];
    for (const [text, code] of refusals) {
      const refused = await both(forced(text));
      assert.equal(refused.kind === "failed" && refused.code, code);
    }
  });

  it("fails like profile split where a text outgrows its budget", async () => {
    const short = await copy((manifest) => ({ ...manifest, budget: { coarse: 24, fine: 3 } }));
    const models = [await load(short.split), await load(short.fused)];
    for (const text of [generated(null), generated({ coarse: "move the bread", fine: "grasp it first, then carry" })]) {
      const output = await both(text, models);
      assert.equal(output.kind === "failed" && output.code, "text-over-budget");
    }
  });

  it("is refused when its graph or its golden vectors do not fit", async () => {
    const refused = async (path: string, code: BundleErrorCode, words: RegExp): Promise<void> => {
      const loading = load(path).then((loaded) => checkGolden(loaded, "cpu"));
      await assert.rejects(
        loading,
        (error) => error instanceof BundleError && error.code === code && words.test(error.message),
      );
    };
    const wrongGraph = await copy();
    const decoder = await readFile(join(fused, "..", "openvla-nano", "decoder.onnx"));
    await writeFile(join(wrongGraph.fused, "generator.onnx"), decoder);
    const sha256 = createHash("sha256").update(decoder).digest("hex");
    await editManifest(wrongGraph.fused, (manifest) => ({
      ...manifest,
      files: manifest.files.map((file) =>
        file.path === "generator.onnx" ? { path: file.path, sha256, bytes: decoder.length } : file,
      ),
    }));
    await refused(wrongGraph.fused, "graph-mismatch", /^generator\.onnx: input codes is not in the contract/);

    const otherDelimiters = await copy((manifest) => {
      const { coarse, fine } = manifest.vocabulary.delimiters;
      const delimiters = { ...manifest.vocabulary.delimiters, coarse: fine, fine: coarse };
      return { ...manifest, vocabulary: { ...manifest.vocabulary, delimiters } };
    });
    await refused(otherDelimiters.fused, "golden-mismatch", /fails: The coarse text/);
  });
});
