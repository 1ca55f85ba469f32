import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Demonstration, RecordedPicture } from "../../daemon/dataset/demonstration.js";
import { jointPosition } from "../../daemon/types/units.js";

/** Grey level of picture number `index` of each test film: later pictures are brighter. */
export function level(index: number): number {
  return 20 + 2 * index;
}

/** JPEG pictures of 80 x 60 whose red channel counts them: what a camera would have given. */
export function makeFilm(count: number): readonly Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-film-"));
  try {
    const [width, height] = [80, 60];
    const pixels = Buffer.alloc(count * width * height * 3);
    for (let index = 0; index < count; index += 1) {
      pixels.fill(level(index), index * width * height * 3, (index + 1) * width * height * 3);
    }
    const raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`, "-i", "pipe:0"];
    execFileSync("ffmpeg", ["-loglevel", "error", ...raw, "-q:v", "2", join(folder, "%04d.jpg")], { input: pixels });
    return readdirSync(folder)
      .toSorted()
      .map((name) => readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const CAMERA_PERIOD = 1 / 30;
const STATE_PERIOD = 0.01;

/** Where joint 1 is commanded at `time` seconds: it moves, rests from 1.5 s to 2.7 s, and moves on. */
export function path(time: number): number {
  return 0.2 * Math.min(time, 1.5) + 0.2 * Math.max(0, time - 2.7);
}

/** A demonstration of 4 s at 30 pictures/s and 100 states/s that closes the gripper at 1 s; `changes` lie over it. */
export function makeDemonstration(film: readonly Uint8Array[], changes: Partial<Demonstration> = {}): Demonstration {
  const start = 1000;
  const pictures = (delay: number): readonly RecordedPicture[] =>
    film.map((jpeg, index) => ({ at: start + delay + index * CAMERA_PERIOD, jpeg }));
  const times = Array.from({ length: 400 }, (_, index) => index * STATE_PERIOD);
  const pose = (joint: number) => jointPosition([joint, -0.3, 0, 0.8, 0, 1.2, 0]);
  return {
    file: "made.mcap",
    instruction: "pick up the bread and move it to the front",
    success: true,
    driver: "person",
    pictures: { front: pictures(0), wrist: pictures(0.012) },
    // Measured follows commanded 50 ms later.
    states: times.map((time) => ({
      at: start + time,
      measured: pose(path(time - 0.05)),
      gripper: time < 1.2 ? 1 : 0.4,
    })),
    commands: times.map((time) => ({ at: start + time, commanded: pose(path(time)) })),
    gripperCommands: [
      { at: start, opening: 1 },
      { at: start + 1, opening: 0 },
    ],
    texts: [{ at: start, coarse: "move the bread", fine: "Robot Action: Trajectory Shape - To the front" }],
    interventions: [],
    ...changes,
  };
}
