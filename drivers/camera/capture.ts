import { setTimeout as delay } from "node:timers/promises";
import { hostClock } from "../../daemon/ports/clock.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { exposureOf } from "./exposure.js";
import { openMjpeg } from "./mjpeg-stream.js";
import type { Mat, OpenCvModule, VideoCapture } from "./opencv.js";
import type { CameraOptions, CameraSource } from "./options.js";

/** First wait before a camera is opened again; doubled up to the longest. */
const SHORTEST_WAIT: Seconds = 0.5;
const LONGEST_WAIT: Seconds = 2;

/** A picture as the camera gave it. */
export interface Captured {
  readonly picture: Mat;
  /** When it was in hand. */
  readonly capturedAt: Instant;
  /** When it was exposed, as the camera says; null where it says nothing. */
  readonly exposedAt: Instant | null;
  /** Pictures since the last one that were dropped because this one was newer. */
  readonly missed: number;
}

/** What capturing reports; called on the event loop. */
export interface CaptureListener {
  /** The listener releases it. */
  onPicture(captured: Captured): void;
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
  let camera: OpenCamera;
  try {
    camera = await openCamera(cv, options);
  } catch {
    // The addon says no more than that it failed, and says it as a plain string.
    return { pictures: 0, detail: `${nameOf(source)} does not open. ${WHAT_TO_DO[source.kind]}` };
  }
  try {
    const pictures = await drain(camera, listener);
    return { pictures, detail: `${nameOf(source)} delivers no more pictures. ${WHAT_TO_DO[source.kind]}` };
  } finally {
    camera.close();
  }
}

const WHAT_TO_DO: Readonly<Record<CameraSource["kind"], string>> = {
  device: "Check its cable and path, and that no other program uses it.",
  url: "Check that the camera is on and that its address is right.",
  file: "Check that the file is there and is a video.",
};

/** A camera that delivers. */
interface OpenCamera {
  /** The next picture, decoded; null when there are no more. `told`: when it was exposed as the camera says, s; else NaN. */
  next(): Promise<{ readonly picture: Mat; readonly told: number; readonly missed: number } | null>;
  /** A live camera sets the pace itself; a file is held back to its own rate, s a picture. */
  readonly period: Seconds;
  close(): void;
}

/** Throws where it does not open. */
async function openCamera(cv: OpenCvModule, options: CameraOptions): Promise<OpenCamera> {
  const { source, width, height } = options;
  switch (source.kind) {
    case "device": {
      const camera = new cv.VideoCapture(source.device, cv.CAP_V4L2);
      camera.set(cv.CAP_PROP_FRAME_WIDTH, width);
      camera.set(cv.CAP_PROP_FRAME_HEIGHT, height);
      camera.set(cv.CAP_PROP_FPS, source.fps);
      // The time of the V4L2 buffer, on the monotonic clock.
      return video(camera, 0, () => camera.get(cv.CAP_PROP_POS_MSEC) / 1000);
    }
    case "url":
      return (await jpegs(cv, source.url)) ?? video(new cv.VideoCapture(source.url, cv.CAP_FFMPEG), 0);
    case "file": {
      const camera = new cv.VideoCapture(source.path, cv.CAP_FFMPEG);
      return video(camera, 1 / (camera.get(cv.CAP_PROP_FPS) || 1));
    }
    default:
      return source satisfies never;
  }
}

function video(camera: VideoCapture, period: Seconds, told = () => Number.NaN): OpenCamera {
  return {
    period,
    next: async () => {
      const picture = orNone(await camera.readAsync());
      return picture === null ? null : { picture, told: told(), missed: 0 };
    },
    close: () => camera.release(),
  };
}

/** Null for an address that FFmpeg has to open. */
async function jpegs(cv: OpenCvModule, url: string): Promise<OpenCamera | null> {
  const stream = url.startsWith("http:") ? await openMjpeg(url) : null;
  if (stream === null) {
    return null;
  }
  return {
    period: 0,
    next: async () => {
      // One that is damaged is missed like one that came too late; where none is sound the camera is stale (`health.ts`).
      for (let missed = 0; ; missed += 1) {
        const next = await stream.next();
        if (next === null) {
          return null;
        }
        missed += next.missed;
        // Of no bytes at all OpenCV makes an error instead of an empty picture.
        const picture = next.jpeg.length === 0 ? null : orNone(await cv.imdecodeAsync(next.jpeg));
        if (picture !== null) {
          return { picture, told: next.told, missed };
        }
      }
    },
    close: () => stream.close(),
  };
}

function orNone(picture: Mat): Mat | null {
  if (picture.empty) {
    picture.release();
    return null;
  }
  return picture;
}

/** Reads until the camera gives no more; returns how many pictures there were. */
async function drain(camera: OpenCamera, listener: CaptureListener): Promise<number> {
  const start = hostClock.now();
  for (let pictures = 0; ; pictures += 1) {
    if (camera.period > 0) {
      await delay(Math.max(0, start + pictures * camera.period - hostClock.now()) * 1000);
    }
    const next = await camera.next();
    if (next === null) {
      return pictures;
    }
    const { picture, told, missed } = next;
    const capturedAt = hostClock.now();
    listener.onPicture({ picture, capturedAt, exposedAt: exposureOf(told, capturedAt), missed });
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
