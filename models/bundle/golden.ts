import { z } from "zod";
import { BundleError } from "./bundle-error.js";
import { proprioWidth } from "./check-manifest.js";
import type { Manifest } from "./manifest.js";
import { describeIssues } from "./read-manifest.js";

const goldenSchema = z.strictObject({
  vectors: z
    .array(
      z.strictObject({
        instruction: z.string().min(1),
        /** base64 of uint8 [2,S,S,3], front then wrist */
        images: z.base64(),
        /** As measured, not normalised, in the order of the manifest's features. */
        proprio: z.array(z.number()),
        coarse: z.string().min(1),
        fine: z.string().min(1),
        coarseCodes: z.array(z.int().min(0)),
        fineCodes: z.array(z.int().min(0)),
        /** horizon x 8, un-normalised: joint deltas in rad, then the gripper's opening */
        chunk: z.array(z.array(z.number()).length(8)),
      }),
    )
    .min(1),
});

/** One input with everything that the bundle computed from it where it was exported. */
export interface GoldenVector {
  readonly instruction: string;
  /** uint8 [2,S,S,3], front then wrist */
  readonly images: Uint8Array;
  readonly proprio: readonly number[];
  readonly coarse: string;
  readonly fine: string;
  readonly coarseCodes: readonly number[];
  readonly fineCodes: readonly number[];
  readonly chunk: readonly (readonly number[])[];
}

/** Reads the golden vectors and checks that they fit the manifest; throws BundleError. */
export function readGolden(bytes: Uint8Array, manifest: Manifest): readonly GoldenVector[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new BundleError("golden-invalid", `${manifest.golden.path} is not JSON`, cause);
  }
  const parsed = goldenSchema.safeParse(json);
  if (!parsed.success) {
    throw new BundleError("golden-invalid", `${manifest.golden.path}: ${describeIssues(parsed.error)}`);
  }
  return parsed.data.vectors.map((vector, index) => {
    const expect = (what: string, found: number, wanted: number): void => {
      if (found !== wanted) {
        throw new BundleError("golden-invalid", `Golden vector ${index} has ${found} ${what}, expected ${wanted}`);
      }
    };
    const images = new Uint8Array(Buffer.from(vector.images, "base64"));
    expect("bytes of images", images.length, 2 * manifest.images.size ** 2 * 3);
    expect("proprio values", vector.proprio.length, proprioWidth(manifest));
    expect("coarse codes", vector.coarseCodes.length, manifest.vocabulary.depth.coarse);
    expect("fine codes", vector.fineCodes.length, manifest.vocabulary.depth.fine);
    expect("chunk rows", vector.chunk.length, manifest.chunk.horizon);
    return { ...vector, images };
  });
}
