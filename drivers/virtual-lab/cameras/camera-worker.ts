// Renders both cameras at a fixed rate from the poses that the physics thread shares, and serves them as MJPEG.
import { parentPort, workerData } from "node:worker_threads";
import { hostClock } from "../../../daemon/ports/clock.js";
import { CAMERA_ROLES, type CameraRole } from "../../../daemon/types/frame.js";
import type { Instant } from "../../../daemon/types/units.js";
import type { Spoiling } from "../impair/impairment.js";
import { spoilPicture } from "../impair/spoil-picture.js";
import { PICTURE_SIZE, Raster } from "../render/raster.js";
import type { Visuals } from "../render/visuals.js";
import { SharedPoses } from "../world/shared-poses.js";
import { loadJpegEncoder } from "./jpeg.js";
import { serveMjpeg } from "./mjpeg.js";
import { createSensorNoise } from "./sensor-noise.js";

/** What the physics thread tells this one. */
export type CameraWorkerMessage =
  | { readonly kind: "scene"; readonly visuals: Visuals; readonly poses: SharedArrayBuffer }
  | { readonly kind: "spoil"; readonly role: CameraRole; readonly how: Spoiling };

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

const spoilings: Record<CameraRole, Spoiling> = { front: "none", wrist: "none" };
/** The last picture of each camera, for one that freezes. */
const last: Partial<Record<CameraRole, Buffer>> = {};

parentPort?.on("message", (message: CameraWorkerMessage) => {
  if (message.kind === "spoil") {
    spoilings[message.role] = message.how;
    return;
  }
  const shared = new SharedPoses(message.poses);
  scene = { raster: new Raster(message.visuals), shared, poses: new Float32Array(shared.length) };
});

/** How late a camera that is apart in time delivers, ms. */
const SKEW_MS = 80;

/** Makes a camera's picture, or what its fault makes of it, and gives what sends it. */
function prepare(role: CameraRole, raster: Raster, poses: Float32Array, exposedAt: Instant): () => void {
  const how = spoilings[role];
  switch (how) {
    case "stop":
      return () => undefined;
    case "close":
      return () => server.hangUp(role);
    case "freeze":
      return sending(role, exposedAt, last[role] ?? encode(raster.render(role, poses), PICTURE_SIZE));
    case "swap":
      return sending(role, exposedAt, encode(raster.render(role === "front" ? "wrist" : "front", poses), PICTURE_SIZE));
    case "skew": {
      const send = sending(role, exposedAt, encode(raster.render(role, poses), PICTURE_SIZE));
      return () => setTimeout(send, SKEW_MS);
    }
    default: {
      const { picture, size } = spoilPicture(raster.render(role, poses), PICTURE_SIZE, how);
      const jpeg = encode(picture, size);
      last[role] = jpeg;
      return sending(role, exposedAt, jpeg);
    }
  }
}

function sending(role: CameraRole, exposedAt: Instant, jpeg: Buffer): () => void {
  return () => server.publish(role, jpeg, exposedAt);
}

let dueAt = hostClock.now();
function film(): void {
  const wanted = CAMERA_ROLES.filter((role) => server.wanted(role));
  if (scene !== undefined && wanted.length > 0) {
    const { raster, shared, poses } = scene;
    shared.read(poses);
    const exposedAt = hostClock.now();
    raster.place(poses);
    // Both are published together, because both show the same instant.
    for (const send of wanted.map((role) => prepare(role, raster, poses, exposedAt))) {
      send();
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
