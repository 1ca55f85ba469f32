// Renders both cameras at a fixed rate from the poses that the physics thread shares, and serves them as MJPEG.
import { parentPort, workerData } from "node:worker_threads";
import { hostClock } from "../../../daemon/ports/clock.js";
import { CAMERA_ROLES } from "../../../daemon/types/frame.js";
import { PICTURE_SIZE, Raster } from "../render/raster.js";
import type { Visuals } from "../render/visuals.js";
import { SharedPoses } from "../world/shared-poses.js";
import { loadJpegEncoder } from "./jpeg.js";
import { serveMjpeg } from "./mjpeg.js";
import { createSensorNoise } from "./sensor-noise.js";

/** What the physics thread tells this one. */
export interface CameraWorkerMessage {
  readonly kind: "scene";
  readonly visuals: Visuals;
  readonly poses: SharedArrayBuffer;
}

/** Said once, when pictures are being served. */
export interface CameraWorkerReport {
  readonly port: number;
}

/** What this thread is started with. */
interface CameraWorkerOptions {
  readonly host: string;
  readonly port: number;
  readonly framesPerSecond: number;
}

const options: CameraWorkerOptions = workerData;
const encode = await loadJpegEncoder(createSensorNoise(1));
const server = await serveMjpeg(options.host, options.port);
const period = 1 / options.framesPerSecond;
let scene: { readonly raster: Raster; readonly shared: SharedPoses; readonly poses: Float32Array } | undefined;

parentPort?.on("message", ({ visuals, poses }: CameraWorkerMessage) => {
  const shared = new SharedPoses(poses);
  scene = { raster: new Raster(visuals), shared, poses: new Float32Array(shared.length) };
});

let dueAt = hostClock.now();
function film(): void {
  const wanted = CAMERA_ROLES.filter((role) => server.wanted(role));
  if (scene !== undefined && wanted.length > 0) {
    const { raster, shared, poses } = scene;
    shared.read(poses);
    raster.place(poses);
    // Both are published together, because both show the same instant.
    const pictures = wanted.map((role) => ({ role, jpeg: encode(raster.render(role, poses), PICTURE_SIZE) }));
    for (const { role, jpeg } of pictures) {
      server.publish(role, jpeg);
    }
  }
  // The next frame of the grid that is still ahead; a late frame never makes two.
  const now = hostClock.now();
  dueAt += period * Math.max(1, Math.ceil((now - dueAt) / period));
  setTimeout(film, Math.max(0, (dueAt - now) * 1000));
}
film();
const report: CameraWorkerReport = { port: server.port };
parentPort?.postMessage(report);
