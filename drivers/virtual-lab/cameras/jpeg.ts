import type { SensorNoise } from "./sensor-noise.js";

/** Encodes pictures as JPEG. */
export type JpegEncoder = (rgb: Uint8Array, size: number) => Buffer;

/** The vision process reads what this writes; 90 keeps edges clean at about 14 kB a picture. */
const QUALITY = 90;

/** Loads OpenCV, which may be loaded by only one thread of a process, and gives its encoder, which adds `noise`. */
export async function loadJpegEncoder(noise: SensorNoise): Promise<JpegEncoder> {
  // Its accounting of memory outside the heap crashes Node 20 (node-opencv issue 134).
  process.env.OPENCV4NODEJS_DISABLE_EXTERNAL_MEM_TRACKING = "1";
  process.env.OPENCV4NODEJS_DISABLE_AUTOBUILD = "1";
  const { default: cv } = await import("opencv4nodejs");
  return (rgb, size) => {
    const bgr = new Uint8ClampedArray(rgb.length);
    for (let i = 0; i < rgb.length; i += 3) {
      bgr[i] = rgb[i + 2] ?? 0;
      bgr[i + 1] = rgb[i + 1] ?? 0;
      bgr[i + 2] = rgb[i] ?? 0;
    }
    noise(bgr);
    const mat = new cv.Mat(Buffer.from(bgr.buffer), size, size, cv.CV_8UC3);
    const jpeg = cv.imencode(".jpg", mat, [cv.IMWRITE_JPEG_QUALITY, QUALITY]);
    mat.release();
    return jpeg;
  };
}
