import type { Instant } from "../../daemon/types/units.js";
import type { PoorLight } from "./light.js";

/** What a vision process tells its parent. */
export type FromVision =
  | {
      readonly kind: "frame";
      /** RGB bytes, size x size x 3. */
      readonly rgb: Uint8Array;
      readonly capturedAt: Instant;
      readonly exposedAt: Instant | null;
      readonly sequence: number;
      /** How many pictures in a row were the same, this one included; 1 when it differs from the one before. */
      readonly identical: number;
      /** Capture instant of the first of those. */
      readonly identicalSince: Instant;
      /** What is wrong with its light, how many pictures in a row have had that, this one included, and since when. */
      readonly light: PoorLight;
      readonly poor: number;
      readonly poorSince: Instant;
      /** Since when its pictures are duller than they usually are; null when this one is not. */
      readonly dullSince: Instant | null;
    }
  /** The same picture at the camera's own size, while `record` is on. */
  | {
      readonly kind: "picture";
      readonly jpeg: Uint8Array;
      readonly capturedAt: Instant;
      readonly exposedAt: Instant | null;
      readonly sequence: number;
    }
  /** The camera does not open, or it ended; it will be tried again. */
  | { readonly kind: "absent"; readonly detail: string }
  /** The camera delivers another picture size than configured. */
  | { readonly kind: "wrong-size"; readonly width: number; readonly height: number }
  /** Answer to a `jpeg` request; null while there is no picture. */
  | { readonly kind: "jpeg"; readonly id: number; readonly bytes: Uint8Array | null };

/** What the parent asks of a vision process. */
export type ToVision =
  | { readonly kind: "jpeg"; readonly id: number }
  /** From now on every picture is sent as JPEG too. */
  | { readonly kind: "record" };
