import { CAMERA_ROLES, type CameraRole } from "../types/frame.js";
import { JOINT_COUNT } from "../types/units.js";
import { GROUP_OF_PICTURES, type VideoCodec } from "./pictures.js";

/** Where coarse and fine text go: language columns (lerobot 0.6 and newer), or text features that any reader takes. */
export type TextColumns = "language" | "strings";

/** Names of the eight numbers of a state or an action. */
const DIMENSIONS = [...Array.from({ length: JOINT_COUNT }, (_, joint) => `joint_${joint + 1}_rad`), "gripper_open"];

/** Name of a camera's video feature. */
export function videoKey(role: CameraRole): string {
  return `observation.images.${role}`;
}

/** What stands in `features` of `meta/info.json`. */
export function features(
  size: number,
  fps: number,
  codec: VideoCodec,
  texts: TextColumns,
): Readonly<Record<string, unknown>> {
  const scalar = (dtype: string): unknown => ({ dtype, shape: [1], names: null });
  const vector = { dtype: "float32", shape: [DIMENSIONS.length], names: DIMENSIONS };
  const video = {
    dtype: "video",
    shape: [size, size, 3],
    names: ["height", "width", "channels"],
    info: {
      "video.height": size,
      "video.width": size,
      "video.codec": codec,
      "video.pix_fmt": "yuv420p",
      "video.is_depth_map": false,
      "video.fps": fps,
      "video.channels": 3,
      "video.g": GROUP_OF_PICTURES,
      has_audio: false,
    },
  };
  return {
    "observation.state": vector,
    action: vector,
    ...Object.fromEntries(CAMERA_ROLES.map((role) => [videoKey(role), video])),
    intervention: scalar("bool"),
    ...(texts === "language"
      ? { language_persistent: scalar("language") }
      : { "language.coarse": scalar("string"), "language.fine": scalar("string") }),
    timestamp: scalar("float32"),
    frame_index: scalar("int64"),
    episode_index: scalar("int64"),
    index: scalar("int64"),
    task_index: scalar("int64"),
  };
}
