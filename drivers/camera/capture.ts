import { setTimeout as delay } from "node:timers/promises";
import { hostClock } from "../../daemon/ports/clock.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import type { Mat, OpenCvModule, VideoCapture } from "./opencv.js";
import type { CameraOptions, CameraSource } from "./options.js";

/** First wait before a camera is opened again; doubled up to the longest. */
const SHORTEST_WAIT: Seconds = 0.5;
const LONGEST_WAIT: Seconds = 2;

/** What capturing reports; called on the event loop. */
export interface CaptureListener {
  /** A picture as the camera gave it; the listener releases it. */
  onPicture(picture: Mat, capturedAt: Instant): void;
  /** The camera does not open, or it ended. */
  onAbsent(detail: string): void;
}

/** Opens the camera and drains it for ever; a camera that does not open or ends is tried again, 0.5 to 2 s apart. */
export async function capture(cv: OpenCvModule, options: CameraOptions, listener: CaptureListener): Promise<never> {
  let wait = SHORTEST_WAIT;
  for (;;) {
    const end = await captureOnce(cv, options, listener);
    if (end.pictures > 0) {
      wait = SHORTEST_WAIT;
    }
    if (options.source.kind === "file" && end.pictures > 0) {
      continue;
    }
    listener.onAbsent(end.detail);
    await delay(wait * 1000);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}

interface CaptureEnd {
  readonly pictures: number;
  readonly detail: string;
}

async function captureOnce(cv: OpenCvModule, options: CameraOptions, listener: CaptureListener): Promise<CaptureEnd> {
  const { source } = options;
  let camera: VideoCapture;
  try {
    camera = openCamera(cv, options);
  } catch {
    // The addon says no more than that it failed, and says it as a plain string.
    return { pictures: 0, detail: `${nameOf(source)} does not open. ${WHAT_TO_DO[source.kind]}` };
  }
  try {
    const pictures = await drain(cv, camera, source, listener);
    return { pictures, detail: `${nameOf(source)} delivers no more pictures. ${WHAT_TO_DO[source.kind]}` };
  } finally {
    camera.release();
  }
}

const WHAT_TO_DO: Readonly<Record<CameraSource["kind"], string>> = {
  device: "Check its cable and path, and that no other program uses it.",
  url: "Check that the camera is on and that its address is right.",
  file: "Check that the file is there and is a video.",
};

function openCamera(cv: OpenCvModule, { source, width, height }: CameraOptions): VideoCapture {
  switch (source.kind) {
    case "device": {
      const camera = new cv.VideoCapture(source.device, cv.CAP_V4L2);
      camera.set(cv.CAP_PROP_FRAME_WIDTH, width);
      camera.set(cv.CAP_PROP_FRAME_HEIGHT, height);
      camera.set(cv.CAP_PROP_FPS, source.fps);
      return camera;
    }
    case "url":
      return new cv.VideoCapture(source.url, cv.CAP_FFMPEG);
    case "file":
      return new cv.VideoCapture(source.path, cv.CAP_FFMPEG);
    default:
      return source satisfies never;
  }
}

/** Reads until the camera gives no more; returns how many pictures there were. */
async function drain(
  cv: OpenCvModule,
  camera: VideoCapture,
  source: CameraSource,
  listener: CaptureListener,
): Promise<number> {
  // A live camera sets the pace itself; a file is held back to its own rate.
  const period = source.kind === "file" ? 1 / (camera.get(cv.CAP_PROP_FPS) || 1) : 0;
  const start = hostClock.now();
  for (let pictures = 0; ; pictures += 1) {
    if (period > 0) {
      await delay(Math.max(0, start + pictures * period - hostClock.now()) * 1000);
    }
    const picture = await camera.readAsync();
    if (picture.empty) {
      picture.release();
      return pictures;
    }
    listener.onPicture(picture, hostClock.now());
  }
}

/** The source in words, without user name and password. */
function nameOf(source: CameraSource): string {
  switch (source.kind) {
    case "device":
      return `The device ${source.device}`;
    case "url":
      return `The camera at ${source.url.replace(/\/\/[^/@]*@/, "//")}`;
    case "file":
      return `The video file ${source.path}`;
    default:
      return source satisfies never;
  }
}
