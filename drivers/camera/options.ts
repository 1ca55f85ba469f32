import type { CameraRole } from "../../daemon/types/frame.js";

/** Where a camera's pictures come from. */
export type CameraSource =
  /** A V4L2 device by index or by path, for example a stable name below /dev/v4l/by-id. */
  | { readonly kind: "device"; readonly device: string | number; readonly fps: number }
  /** An HTTP (MJPEG) or RTSP address. */
  | { readonly kind: "url"; readonly url: string }
  /** A video file, played at its own rate, again and again. */
  | { readonly kind: "file"; readonly path: string };

/** One camera and the picture size that it must deliver. */
export interface CameraOptions {
  readonly source: CameraSource;
  /** Pixels; another width is the fault `camera-wrong-size`. */
  readonly width: number;
  /** Pixels; another height is the fault `camera-wrong-size`. */
  readonly height: number;
}

/** What the model wants to see of a camera's picture; data of the bundle's manifest. */
export interface PictureOptions {
  /** Side of the square picture for the model, pixels. */
  readonly size: number;
  /** Side of the centre crop taken before resizing, as part of the shorter side. */
  readonly crop: number;
  /** Turns the picture by half a turn, for people too. */
  readonly rotate180: boolean;
}

/** Both cameras and what the model wants to see of them. */
export interface CamerasOptions {
  readonly cameras: Readonly<Record<CameraRole, CameraOptions>>;
  readonly pictures: Readonly<Record<CameraRole, PictureOptions>>;
}

/** Everything one vision process needs to know; its only start argument, as JSON. */
export interface VisionOptions {
  readonly camera: CameraOptions;
  readonly picture: PictureOptions;
}
