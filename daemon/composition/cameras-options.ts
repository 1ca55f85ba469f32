import type { CameraOptions, CamerasOptions } from "../../drivers/camera/options.js";
import type { Manifest } from "../../models/bundle/manifest.js";
import type { Config } from "../config/config.js";
import type { CameraRole } from "../types/frame.js";

/** How the vision processes open the configured cameras and cut pictures for a bundle. */
export function camerasOptions(
  { cameras }: Config,
  { size, crop, rotate180 }: Pick<Manifest["images"], "size" | "crop" | "rotate180">,
): CamerasOptions {
  const picture = (role: CameraRole) => ({ size, crop, rotate180: rotate180[role] });
  return {
    cameras: { front: cameraOptions(cameras.front), wrist: cameraOptions(cameras.wrist) },
    pictures: { front: picture("front"), wrist: picture("wrist") },
  };
}

/** How a configured camera is opened. */
export function cameraOptions(camera: Config["cameras"][CameraRole]): CameraOptions {
  const { width, height } = camera;
  if ("url" in camera) {
    return { width, height, source: { kind: "url", url: camera.url } };
  }
  if ("device" in camera) {
    return { width, height, source: { kind: "device", device: camera.device, fps: camera.fps } };
  }
  return { width, height, source: { kind: "file", path: camera.file } };
}
