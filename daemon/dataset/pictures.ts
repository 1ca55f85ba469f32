import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { DatasetError } from "./dataset-error.js";
import { RecordingRefused } from "./recording-refused.js";

/** How a camera's picture becomes the model's: as `drivers/camera/picture.ts` does while running. */
export interface PictureShape {
  /** Pixels along each side. */
  readonly size: number;
  /** Side of the centre crop taken before resizing, as part of the shorter side. */
  readonly crop: number;
}

/** How videos are compressed. */
export type VideoCodec = "h264" | "av1";

const NO_FFMPEG =
  "Install ffmpeg, which decodes and encodes the pictures (Debian and Ubuntu: apt-get install ffmpeg), then try again.";
/** As much of what ffmpeg says as a person reads. */
const MOST_WORDS = 600;

interface Ffmpeg {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Fulfilled when it ended well; rejected with what it said. */
  readonly ended: Promise<void>;
}

function startFfmpeg(args: readonly string[], failure: (words: string) => Error): Ffmpeg {
  const child = spawn("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MOST_WORDS);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(new DatasetError("ffmpeg does not start", NO_FFMPEG, { cause })));
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(failure(said.trim() === "" ? `it ended with ${code}` : said.trim())),
    );
  });
  // Whoever waits for `ended` hears of it; until then it must not count as unhandled. A pipe that breaks is told there too.
  ended.catch(() => undefined);
  child.stdin.on("error", () => undefined);
  return { child, ended };
}

/** Gives bytes to ffmpeg no faster than it takes them. */
async function feed({ child, ended }: Ffmpeg, bytes: Uint8Array): Promise<void> {
  if (!child.stdin.write(bytes)) {
    await Promise.race([once(child.stdin, "drain"), ended]);
  }
}

/** Decodes, crops and shrinks pictures to RGB bytes, size x size x 3 each; throws where one of them is no picture. */
export async function decodePictures(
  jpegs: readonly Uint8Array[],
  shape: PictureShape,
): Promise<readonly Uint8Array[]> {
  const side = `round(min(iw,ih)*${shape.crop})`;
  const filter = [
    "format=rgb24",
    `crop='${side}':'${side}':'floor((iw-ow)/2)':'floor((ih-oh)/2)':exact=1`,
    `scale=${shape.size}:${shape.size}:flags=area+accurate_rnd+full_chroma_int`,
  ].join(",");
  const input = ["-f", "image2pipe", "-c:v", "mjpeg", "-framerate", "1", "-i", "pipe:0"];
  const output = ["-vf", filter, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"];
  // A picture that is damaged must not pass as a grey one.
  const ffmpeg = startFfmpeg(
    ["-xerror", "-err_detect", "explode", ...input, ...output],
    (words) => new RecordingRefused(`a picture of it is damaged: ${words}`),
  );
  const chunks: Buffer[] = [];
  ffmpeg.child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const jpeg of jpegs) {
    await feed(ffmpeg, jpeg);
  }
  ffmpeg.child.stdin.end();
  await ffmpeg.ended;
  const bytes = Buffer.concat(chunks);
  const length = 3 * shape.size * shape.size;
  if (bytes.length !== length * jpegs.length) {
    const got = Math.floor(bytes.length / length);
    throw new RecordingRefused(`of ${jpegs.length} pictures only ${got} can be decoded`);
  }
  return jpegs.map((_, index) => bytes.subarray(index * length, (index + 1) * length));
}

/** Group of pictures of two and constant quality, as LeRobot writes: any frame is decoded from one other at most. */
const ENCODERS: Readonly<Record<VideoCodec, readonly string[]>> = {
  // Without B-frames the first frame stands at 0 s exactly.
  h264: ["-c:v", "libx264", "-preset", "fast", "-crf", "20", "-bf", "0"],
  av1: ["-c:v", "libsvtav1", "-preset", "8", "-crf", "30"],
};
/** Frames from one key frame to the next. */
export const GROUP_OF_PICTURES = 2;

/** One video file, written frame by frame. */
export class VideoFile {
  readonly #ffmpeg: Ffmpeg;
  #frames = 0;

  constructor(path: string, size: number, fps: number, codec: VideoCodec) {
    const input = [
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "-s",
      `${size}x${size}`,
      "-framerate",
      String(fps),
      "-i",
      "pipe:0",
    ];
    const format = ["-g", String(GROUP_OF_PICTURES), "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-y", path];
    this.#ffmpeg = startFfmpeg(
      [...input, ...ENCODERS[codec], ...format],
      (words) =>
        new DatasetError(
          `ffmpeg cannot write ${path}: ${words}`,
          `Is the disk full? Has this ffmpeg the encoder for ${codec} (ffmpeg -encoders)?`,
        ),
    );
    this.#ffmpeg.child.stdout.resume();
  }

  /** Frames written so far: the next one's place. */
  get frames(): number {
    return this.#frames;
  }

  async add(rgb: Uint8Array): Promise<void> {
    await feed(this.#ffmpeg, rgb);
    this.#frames += 1;
  }

  /** Fulfilled when the file is whole. */
  async close(): Promise<void> {
    this.#ffmpeg.child.stdin.end();
    await this.#ffmpeg.ended;
  }

  /** Ends it at once; the file is worth nothing. */
  abandon(): void {
    this.#ffmpeg.child.kill("SIGKILL");
  }
}
