import type { Mat, OpenCvModule } from "./opencv.js";
import type { PictureOptions } from "./options.js";

/** Turns the picture by half a turn where the camera hangs upside down; takes the given Mat over. */
export function upright(picture: Mat, options: PictureOptions): Mat {
  if (!options.rotate180) {
    return picture;
  }
  const turned = picture.flip(FLIP_BOTH_AXES);
  picture.release();
  return turned;
}

/** Flip code of OpenCV for both axes at once: half a turn. */
const FLIP_BOTH_AXES = -1;

/** RGB bytes of the centre crop, resized by pixel area to the model's size; leaves the picture as it is. */
export function modelPicture(cv: OpenCvModule, picture: Mat, options: PictureOptions): Uint8Array {
  const side = Math.round(options.crop * Math.min(picture.rows, picture.cols));
  const left = Math.floor((picture.cols - side) / 2);
  const top = Math.floor((picture.rows - side) / 2);
  const crop = picture.getRegion(new cv.Rect(left, top, side, side));
  const small = crop.resize(options.size, options.size, 0, 0, cv.INTER_AREA);
  const rgb = small.cvtColor(cv.COLOR_BGR2RGB);
  const bytes = rgb.getData();
  for (const mat of [crop, small, rgb]) {
    mat.release();
  }
  return bytes;
}

/** JPEG bytes of a picture at its own size, for people and recordings. */
export function jpegPicture(cv: OpenCvModule, picture: Mat): Uint8Array {
  return cv.imencode(".jpg", picture, [cv.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]);
}

/** Visually clean at about 1 ms a picture (measured, 640 x 480). */
const JPEG_QUALITY = 85;

/** True when two pictures of the same size hold the same bytes. */
export function samePicture(cv: OpenCvModule, a: Mat, b: Mat): boolean {
  return a.rows === b.rows && a.cols === b.cols && a.norm(b, cv.NORM_INF) === 0;
}
