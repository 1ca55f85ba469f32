import { createRequire } from "node:module";
import type * as OpenCv from "opencv4nodejs";

/** The OpenCV addon; it works on one thread of one process, so only a vision process loads it. */
export type OpenCvModule = typeof OpenCv;

/** A picture inside the addon; must be released, or the process grows. */
export type Mat = OpenCv.Mat;

/** An open camera, stream or video file. */
export type VideoCapture = OpenCv.VideoCapture;

/**
 * Environment that a process needs before it loads the addon.
 * Without the first, node 20 dies in garbage collection (`marking_done_`); the others keep start-up and FFmpeg quiet.
 */
export const OPENCV_ENVIRONMENT: Readonly<Record<string, string>> = {
  OPENCV4NODEJS_DISABLE_EXTERNAL_MEM_TRACKING: "1",
  OPENCV4NODEJS_DISABLE_AUTOBUILD: "1",
  OPENCV_LOG_LEVEL: "ERROR",
  // AV_LOG_QUIET of libavutil/log.h
  OPENCV_FFMPEG_LOGLEVEL: "-8",
  // Microseconds: a stalled stream ends after 1 s instead of 30 s; TCP because lost UDP packets tear pictures.
  OPENCV_FFMPEG_CAPTURE_OPTIONS: "timeout;1000000|rtsp_transport;tcp",
};

/** Loads the addon; the process must have been started with `OPENCV_ENVIRONMENT`. */
export function loadOpenCv(): OpenCvModule {
  const missing = Object.keys(OPENCV_ENVIRONMENT).filter((name) => process.env[name] !== OPENCV_ENVIRONMENT[name]);
  if (missing.length > 0) {
    throw new Error(`OpenCV must not be loaded without ${missing.join(", ")} in the environment`);
  }
  return createRequire(import.meta.url)("opencv4nodejs") as OpenCvModule;
}
