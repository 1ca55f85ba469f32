/** The vision process: drains one camera, keeps the newest picture, and sends it at the model's size. */
import type { Instant } from "../../daemon/types/units.js";
import { type Captured, capture } from "./capture.js";
import { lightOf, type PoorLight } from "./light.js";
import type { FromVision, ToVision } from "./messages.js";
import { createNewestSender } from "./newest-sender.js";
import { loadOpenCv, type Mat } from "./opencv.js";
import type { VisionOptions } from "./options.js";
import { jpegPicture, modelPicture, samePicture, upright } from "./picture.js";
import { followSharpness, isNoise, NO_SHARPNESS, sharpnessOf } from "./sharpness.js";

const options = JSON.parse(process.argv[2] ?? "null") as VisionOptions;
const cv = loadOpenCv();

const send = (message: FromVision, sent: () => void): void => {
  process.send?.(message, undefined, undefined, sent);
};
const frames = createNewestSender<FromVision>(send);
const pictures = createNewestSender<FromVision>(send);
const ignore = (): void => undefined;

let newest: Mat | null = null;
let sequence = 0;
let identical = 0;
let identicalSince: Instant = 0;
let light: PoorLight = null;
let poor = 0;
let poorSince: Instant = 0;
let sharpness = NO_SHARPNESS;
let recorded = false;

function keep(picture: Mat | null): void {
  newest?.release();
  newest = picture;
}

function takePicture({ picture: raw, capturedAt, exposedAt, missed }: Captured): void {
  if (raw.cols !== options.camera.width || raw.rows !== options.camera.height) {
    send({ kind: "wrong-size", width: raw.cols, height: raw.rows }, ignore);
    raw.release();
    return;
  }
  const picture = upright(raw, options.picture);
  const repeated = newest !== null && samePicture(cv, newest, picture);
  identical = repeated ? identical + 1 : 1;
  identicalSince = repeated ? identicalSince : capturedAt;
  keep(picture);
  sequence += 1 + missed;
  const rgb = modelPicture(cv, picture, options.picture);
  const before = light;
  const sharp = sharpnessOf(rgb, options.picture.size);
  light = lightOf(rgb) ?? (isNoise(sharp) ? "noise" : null);
  poor = light === null ? 0 : light === before ? poor + 1 : 1;
  poorSince = poor > 1 ? poorSince : capturedAt;
  // Where there is nothing to see there are no edges either, and that has a name of its own.
  sharpness = light === null ? followSharpness(sharpness, sharp, capturedAt) : { ...sharpness, dullSince: null };
  const judged = { identical, identicalSince, light, poor, poorSince, dullSince: sharpness.dullSince };
  frames.offer({ kind: "frame", rgb, capturedAt, exposedAt, sequence, ...judged });
  if (recorded) {
    pictures.offer({ kind: "picture", jpeg: jpegPicture(cv, picture), capturedAt, exposedAt, sequence });
  }
}

process.on("message", (message: ToVision) => {
  if (message.kind === "record") {
    recorded = true;
    return;
  }
  send({ kind: "jpeg", id: message.id, bytes: newest === null ? null : jpegPicture(cv, newest) }, ignore);
});

// The parent is gone. Not exit(): that would wait for the read that is under way.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

await capture(cv, options.camera, {
  onPicture: takePicture,
  onAbsent: (detail) => {
    keep(null);
    sequence = 0;
    // It may be another camera, or this one with another focus.
    sharpness = NO_SHARPNESS;
    send({ kind: "absent", detail }, ignore);
  },
});
