import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { firstValueFrom, skipWhile } from "rxjs";
import { loadConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { BundleError } from "../../models/bundle/bundle-error.js";
import { checkGolden } from "../../models/policy/check-golden.js";
import { type LoadedModel, loadModel } from "../../models/policy/load-model.js";
import { PolicyError } from "../../models/policy/policy-error.js";
import { createPolicyProcess } from "../../models/policy/policy-process.js";
import { readTokenizer } from "../../models/tokenizer/tokenizer.js";
import { observation, plainFrame } from "./observation.js";

const cpu = { provider: "cpu", threads: 1 } as const;
/** A bundle in the repository may have at most this size. */
const MAXIMUM_BYTES = 25e6;
const shipped = (await readdir(projectPath("models", "bundles"), { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

it("ships a bundle", () => {
  assert.ok(shipped.length > 0);
});

for (const name of shipped) {
  describe(`the shipped bundle ${name}`, () => {
    const folder = projectPath("models", "bundles", name);
    let loaded: LoadedModel;
    let spoilt: string;

    before(async () => {
      loaded = await loadModel(folder, cpu, () => {});
      spoilt = await mkdtemp(join(tmpdir(), "kinevla-shipped-"));
      await cp(folder, spoilt, { recursive: true });
    });
    after(() => rm(spoilt, { recursive: true }));

    it("is named like its folder and small enough", () => {
      assert.equal(loaded.manifest.id, name);
      const total = loaded.manifest.files.reduce((sum, file) => sum + file.bytes, 0);
      assert.ok(total <= MAXIMUM_BYTES, `${total} bytes`);
    });

    it("computes what it computed where it was exported", async () => {
      await checkGolden(loaded, "cpu");
    });

    it("gives back the same ids for every text it wrote", async () => {
      const tokenizer = readTokenizer(await readFile(join(folder, loaded.manifest.tokenizer.path)));
      for (const vector of loaded.golden) {
        for (const text of [vector.instruction, vector.coarse, vector.fine]) {
          assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
        }
      }
    });

    it("was trained on the instructions of its golden vectors", () => {
      for (const { instruction } of loaded.golden) {
        assert.ok(loaded.manifest.instructions.includes(instruction), instruction);
      }
    });

    it("is refused with a flipped bit in any of its files", async () => {
      for (const { path } of loaded.manifest.files) {
        const good = await readFile(join(spoilt, path));
        const bad = Buffer.from(good);
        bad.writeUInt8(bad.readUInt8(bad.length >> 1) ^ 1, bad.length >> 1);
        await writeFile(join(spoilt, path), bad);
        await assert.rejects(
          loadModel(spoilt, cpu, () => {}),
          (error) => error instanceof BundleError && error.code === "hash-mismatch" && error.message.startsWith(path),
        );
        await writeFile(join(spoilt, path), good);
      }
    });

    it("infers in the policy process, each text the draft of the next or forced", async () => {
      const policy = createPolicyProcess({
        bundle: folder,
        manifest: null,
        provider: "cpu",
        fallback: null,
        threads: 1,
        home: loadConfig(projectPath("daemon", "config", "lab.yaml")).home,
        deadline: 20,
        textDeadline: 60,
        loadDeadline: 60,
      });
      try {
        const status = await firstValueFrom(policy.status.pipe(skipWhile((value) => value.kind === "loading")));
        assert.ok(status.kind === "ready", status.kind === "failed" ? status.reason : "");
        const [instruction] = status.description.instructions;
        assert.ok(instruction !== undefined);
        const { imageSize } = status.description;
        // Pictures of this bundle's own cameras: others would look swapped, or be.
        const images = loaded.golden[0]?.images ?? new Uint8Array();
        const [front, wrist] = (["front", "wrist"] as const).map((role, place) => ({
          ...plainFrame(role, imageSize, 0),
          rgb: images.subarray((place * images.length) / 2, ((place + 1) * images.length) / 2),
        }));
        assert.ok(front !== undefined && wrist !== undefined);
        const swapped = observation(imageSize, {
          front: { ...wrist, role: "front" },
          wrist: { ...front, role: "wrist" },
        });
        const fresh = { kind: "generated", draft: null } as const;
        await assert.rejects(
          firstValueFrom(policy.infer({ instruction, observation: swapped, text: fresh })),
          (error) => error instanceof PolicyError && error.code === "cameras-swapped",
        );
        const request = { instruction, observation: observation(imageSize, { front, wrist }) };
        const first = await firstValueFrom(policy.infer({ ...request, text: fresh }));
        for (let count = 0; count < 20; count += 1) {
          const text = first.reasoning;
          const source =
            count % 2 === 0 ? ({ kind: "generated", draft: text } as const) : ({ kind: "forced", text } as const);
          const next = await firstValueFrom(policy.infer({ ...request, text: source }));
          assert.equal(next.reasoning.fine, first.reasoning.fine);
          assert.deepEqual([next.tokens.coarse, next.tokens.fine], [first.tokens.coarse, first.tokens.fine]);
          assert.deepEqual(next.deltas, first.deltas);
        }
      } finally {
        await policy.close();
      }
    });
  });
}
