import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jointPosition } from "../../daemon/types/units.js";
import { BundleError } from "../../models/bundle/bundle-error.js";
import { checkArm } from "../../models/bundle/check-arm.js";
import { readGolden } from "../../models/bundle/golden.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import { readManifest } from "../../models/bundle/read-manifest.js";
import { checkCameras } from "../../models/policy/check-cameras.js";

const { home, policy } = loadConfig(projectPath("daemon", "config", "lab.yaml"));
const manifest = await readManifest(policy.bundle);

function refused(changed: Manifest, words: RegExp): void {
  assert.throws(
    () => checkArm(changed, home),
    (error) => error instanceof BundleError && error.code === "statistics-implausible" && words.test(error.message),
  );
}

/** The commanded joints come first in the shipped bundle. */
function withJoints(change: (values: readonly number[]) => readonly number[]): Manifest {
  const { proprio } = manifest;
  const changed = (values: readonly number[]) => [...change(values.slice(0, 7)), ...values.slice(7)];
  return { ...manifest, proprio: { ...proprio, mean: changed(proprio.mean), std: changed(proprio.std) } };
}

describe("the arm that a bundle was trained on", () => {
  it("is the configured one, at both shipped home poses", () => {
    checkArm(manifest, home);
    checkArm(manifest, loadConfig(projectPath("daemon", "config", "real-arm.yaml")).home);
  });

  it("is not one whose bending joints are in another order", () => {
    for (const [one, other] of [
      [1, 3],
      [1, 5],
      [2, 3],
      [0, 5],
    ] as const) {
      const swapped = withJoints((values) =>
        values.map((value, joint) => values[joint === one ? other : joint === other ? one : joint] ?? value),
      );
      refused(swapped, new RegExp(`joint (${one + 1}|${other + 1}) stood at`));
    }
  });

  it("is not one that rests elsewhere", () => {
    assert.throws(() => checkArm(manifest, jointPosition([0, 0, 0, 0, 0, 0, 0])), BundleError);
  });

  it("is not asked about where a bundle takes no joint positions", () => {
    const blind: Manifest = { ...manifest, proprio: { features: ["has-grasped"], mean: [0.5], std: [0.5] } };
    checkArm(blind, jointPosition([1, 1, 1, 1, 1, 1, 1]));
  });
});

describe("the cameras that a bundle was trained with", async () => {
  const bytes = await readFile(join(policy.bundle, manifest.golden.path));
  const golden = readGolden(bytes, manifest);

  it("are told from exchanged ones", () => {
    for (const [index, { images }] of golden.entries()) {
      const others = golden.filter((_, other) => other !== index);
      assert.equal(checkCameras(others, images), null, `vector ${index}`);
      const half = images.length / 2;
      const exchanged = Buffer.concat([images.subarray(half), images.subarray(0, half)]);
      assert.equal(checkCameras(others, exchanged)?.code, "cameras-swapped", `vector ${index}`);
    }
  });

  it("are not called swapped for pictures that are like neither", () => {
    for (const shade of [0, 128, 255]) {
      assert.equal(checkCameras(golden, new Uint8Array(golden[0]?.images.length ?? 0).fill(shade)), null);
    }
  });
});
