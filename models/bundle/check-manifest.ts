import { BundleError } from "./bundle-error.js";
import type { Manifest } from "./manifest.js";

// Interlocks: PO-10.

/** Most that a joint may be asked to move over one chunk, rad: 80 deg/s over 0.5 s; degrees or mixed units exceed it. */
export const MAXIMUM_DELTA = 0.7;

/** Furthest that a joint of the RM75 turns, rad: joint 7, one turn to each side. In degrees all are far beyond. */
const LARGEST_ANGLE = 2 * Math.PI;
/** A gripper's opening and other parts of a whole are 0 to 1; so are mean plus deviation of any of them, nearly. */
const LARGEST_PART = 1.5;

/** Values that each proprioceptive feature gives. */
export const PROPRIO_WIDTH: Readonly<Record<Manifest["proprio"]["features"][number], number>> = {
  commanded: 7,
  measured: 7,
  "gripper-commanded": 1,
  "gripper-measured": 1,
  "since-grasp": 7,
  "has-grasped": 1,
  "gripper-recency": 1,
};

/** Values that the proprioceptive input of this bundle has. */
export function proprioWidth(manifest: Manifest): number {
  return manifest.proprio.features.reduce((sum, feature) => sum + PROPRIO_WIDTH[feature], 0);
}

/** Checks what the schema alone cannot: vocabulary, normalisation, proprioception; throws BundleError. */
export function checkManifest(manifest: Manifest): void {
  checkVocabulary(manifest);
  checkNormalisation(manifest);
  checkProprio(manifest);
  checkJoints(manifest);
  if (manifest.chunk.execute > manifest.chunk.horizon) {
    throw new BundleError(
      "manifest-invalid",
      `chunk.execute is ${manifest.chunk.execute}, more than chunk.horizon ${manifest.chunk.horizon}`,
    );
  }
}

function checkVocabulary({ vocabulary }: Manifest): void {
  const fail = (detail: string): never => {
    throw new BundleError("vocabulary-inconsistent", detail);
  };
  const taken = new Map<number, string>();
  const take = (id: number, owner: string): void => {
    if (id < 0 || id >= vocabulary.size) {
      fail(`${owner} has id ${id}, outside 0..${vocabulary.size - 1}`);
    }
    const before = taken.get(id);
    if (before !== undefined) {
      fail(`id ${id} is both ${before} and ${owner}`);
    }
    taken.set(id, owner);
  };
  take(vocabulary.bos, "bos");
  take(vocabulary.eos, "eos");
  take(vocabulary.pad, "pad");
  for (const [name, pair] of Object.entries(vocabulary.delimiters)) {
    take(pair[0], `the opening delimiter ${name}`);
    take(pair[1], `the closing delimiter ${name}`);
  }
  for (const [level, name] of [
    [0, "coarse"],
    [1, "fine"],
  ] as const) {
    const bases = vocabulary.base[level];
    if (bases.length !== vocabulary.depth[name]) {
      fail(`vocabulary.base.${level} has ${bases.length} bands, vocabulary.depth.${name} is ${vocabulary.depth[name]}`);
    }
    bases.forEach((base, depth) => {
      for (let code = 0; code < vocabulary.codebookSize; code += 1) {
        take(base - code, `code ${code} of band ${name} ${depth}`);
      }
    });
  }
  for (const id of vocabulary.trailing) {
    if (id >= vocabulary.size) {
      fail(`vocabulary.trailing has id ${id}, outside 0..${vocabulary.size - 1}`);
    }
  }
}

function checkNormalisation({ normalisation, chunk }: Manifest): void {
  const fail = (detail: string): never => {
    throw new BundleError("statistics-implausible", detail);
  };
  const { q01, q99, mask, clip } = normalisation;
  if (q01.length !== chunk.horizon || q99.length !== chunk.horizon) {
    fail(`normalisation has ${q01.length} and ${q99.length} rows, the chunk has ${chunk.horizon} steps`);
  }
  if (mask.some((scaled, dimension) => scaled !== dimension < 7)) {
    fail("normalisation.mask must be true for the seven joints and false for the gripper");
  }
  q01.forEach((row, step) => {
    row.slice(0, 7).forEach((low, joint) => {
      const high = q99[step]?.[joint] ?? Number.NaN;
      const where = `of step ${step + 1}, joint ${joint + 1}`;
      if (!(low < high)) {
        fail(`normalisation.q01 ${low} is not below q99 ${high} ${where}`);
      }
      const reach = Math.max(Math.abs(unscale(-clip, low, high)), Math.abs(unscale(clip, low, high)));
      if (reach > MAXIMUM_DELTA) {
        fail(`normalisation ${where} allows a delta of ${reach.toFixed(3)} rad, more than ${MAXIMUM_DELTA} rad`);
      }
    });
  });
}

/** Undoes the scaling of q01..q99 to -1..1. */
export function unscale(value: number, q01: number, q99: number): number {
  return 0.5 * (value + 1) * (q99 - q01) + q01;
}

function checkProprio(manifest: Manifest): void {
  const { features, mean, std } = manifest.proprio;
  const width = proprioWidth(manifest);
  if (mean.length !== width || std.length !== width) {
    throw new BundleError(
      "proprio-inconsistent",
      `proprio.features give ${width} values, but there are ${mean.length} means and ${std.length} stds`,
    );
  }
  if (new Set(features).size !== features.length) {
    throw new BundleError("proprio-inconsistent", "proprio.features names a feature twice");
  }
  let start = 0;
  for (const feature of features) {
    const values = PROPRIO_WIDTH[feature];
    const largest = values === 7 ? LARGEST_ANGLE : LARGEST_PART;
    for (let place = start; place < start + values; place += 1) {
      const reach = Math.abs(mean[place] ?? Number.NaN) + (std[place] ?? Number.NaN);
      if (!(reach <= largest)) {
        const what = `proprio.mean and proprio.std of value ${place + 1} (${feature}) reach ${reach.toFixed(2)}`;
        throw new BundleError("statistics-implausible", `${what}, more than ${largest.toFixed(2)} can`);
      }
    }
    start += values;
  }
}

/** The arm takes its joints in the order of their numbers; a model with another order would move the wrong ones. */
function checkJoints({ joints }: Manifest): void {
  if (joints.names.some((name, place) => Number(/\d+$/.exec(name)?.[0] ?? Number.NaN) !== place + 1)) {
    const order = joints.names.join(", ");
    throw new BundleError("joints-permuted", `joints.names are ${order}; the arm's joints are 1 to 7 in this order`);
  }
}
