import type { Instant } from "./units.js";

/** Where a camera looks from: fixed third-person view, or mounted on the wrist. */
export type CameraRole = "front" | "wrist";

/** The camera roles in the order in which the model takes them. */
export const CAMERA_ROLES: readonly CameraRole[] = ["front", "wrist"];

/** One camera picture, cropped and resized for the model. */
export interface Frame {
  readonly role: CameraRole;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** RGB bytes, row by row from the top left, height x width x 3. */
  readonly rgb: Uint8Array;
  /** When the picture was received from the camera. */
  readonly capturedAt: Instant;
  /** When it was exposed, as the camera says; null where it says nothing. */
  readonly exposedAt: Instant | null;
  /** Counts the frames of this camera since it was opened. */
  readonly sequence: number;
}

/** One camera picture as JPEG at the camera's own size, for recordings. */
export interface CameraPicture {
  readonly role: CameraRole;
  readonly jpeg: Uint8Array;
  /** As of the frame. */
  readonly capturedAt: Instant;
  /** When it was exposed, as the camera says; null where it says nothing. */
  readonly exposedAt: Instant | null;
  /** As of the frame. */
  readonly sequence: number;
}

/** What can be wrong with a camera; `detail` says what to do. */
export interface CameraFault {
  readonly kind: "camera-absent" | "camera-stale" | "camera-frozen" | "camera-wrong-size" | "camera-blind";
  readonly role: CameraRole;
  readonly detail: string;
  readonly since: Instant;
}
