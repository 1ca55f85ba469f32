import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { loadOpenCv, OPENCV_ENVIRONMENT } from "../../drivers/camera/opencv.js";
import { modelPicture } from "../../drivers/camera/picture.js";
import { followSharpness, isNoise, NO_SHARPNESS, type Sharpness, sharpnessOf } from "../../drivers/camera/sharpness.js";
import { loadJpegEncoder } from "../../drivers/virtual-lab/cameras/jpeg.js";
import { createSensorNoise } from "../../drivers/virtual-lab/cameras/sensor-noise.js";
import { runEpisode } from "../../drivers/virtual-lab/expert/episode.js";
import { nearHome } from "../../drivers/virtual-lab/expert/expert.js";
import { spoilPicture } from "../../drivers/virtual-lab/impair/spoil-picture.js";
import { POSE_LENGTH, Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { PICTURE_SIZE, Raster } from "../../drivers/virtual-lab/render/raster.js";
import { readVisuals } from "../../drivers/virtual-lab/render/visuals.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { drawScene } from "../../drivers/virtual-lab/scene/scene-spec.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

Object.assign(process.env, OPENCV_ENVIRONMENT);
const cv = loadOpenCv();
const encode = await loadJpegEncoder(createSensorNoise(1));
/** As the shipped bundle wants its pictures. */
const SIZE = 96;
const ROLES = ["front", "wrist"] as const;

/** What the vision process judges of a rendered picture, through the lab's noise and JPEG. */
function seen(rgb: Uint8Array): number {
  const picture = cv.imdecode(encode(rgb, PICTURE_SIZE));
  const sharpness = sharpnessOf(modelPicture(cv, picture, { size: SIZE, crop: 1, rotate180: false }), SIZE);
  picture.release();
  return sharpness;
}

/** As a lens 4 pixels (standard deviation) out of focus shows it. */
function outOfFocus(rgb: Uint8Array): Uint8Array {
  const picture = new cv.Mat(Buffer.from(rgb), PICTURE_SIZE, PICTURE_SIZE, cv.CV_8UC3);
  const blurred = picture.gaussianBlur(new cv.Size(0, 0), 4);
  const bytes = Uint8Array.from(blurred.getData());
  picture.release();
  blurred.release();
  return bytes;
}

interface Shot {
  readonly sharp: number;
  readonly outOfFocus: number;
  readonly spoiled: number;
  readonly noise: number;
}

/** Both cameras while the expert does a task, at each step of the policy; every fifth picture is blurred, too. */
async function film(seed: number, number: number): Promise<Readonly<Record<(typeof ROLES)[number], readonly Shot[]>>> {
  const task = TASKS[number];
  assert.ok(task);
  const random = createRandom(seed);
  const start = nearHome(HOME, random.unit);
  const scene = drawScene(seed, task.kind);
  const simulation = await Simulation.create(scene, start);
  const raster = new Raster(readVisuals(simulation, scene));
  const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
  const shots: Record<(typeof ROLES)[number], Shot[]> = { front: [], wrist: [] };
  const { verdict } = runEpisode(
    simulation,
    start,
    task,
    random,
    { bursts: false, earlyClose: false, mistake: null },
    "task",
    {
      exposure: () => simulation.readPoses(poses),
      step: () => {
        raster.place(poses);
        for (const role of ROLES) {
          const rgb = Uint8Array.from(raster.render(role, poses));
          const blurs = shots[role].length % 5 === 0;
          shots[role].push({
            sharp: seen(rgb),
            outOfFocus: blurs ? seen(outOfFocus(rgb)) : Number.NaN,
            spoiled: blurs ? seen(spoilPicture(rgb, PICTURE_SIZE, "blur").picture) : Number.NaN,
            noise: blurs ? seen(spoilPicture(rgb, PICTURE_SIZE, "noise").picture) : Number.NaN,
          });
        }
      },
    },
  );
  simulation.close();
  assert.ok(verdict.kinematic, "the expert does its task");
  return shots;
}

describe("PO-15: the sharpness of the lab's pictures, over a task with the bread and one with the carrot", () => {
  let filmed: Record<(typeof ROLES)[number], Shot[]>;
  before(async () => {
    const [bread, carrot] = [await film(600, 0), await film(601, 4)];
    filmed = { front: [...bread.front, ...carrot.front], wrist: [...bread.wrist, ...carrot.wrist] };
  });

  for (const role of ROLES) {
    it(`tells noise from what the camera sees, also through JPEG and at the model's size, ${role}`, () => {
      assert.ok(filmed[role].every(({ sharp }) => !isNoise(sharp)));
      const noise = filmed[role].map((shot) => shot.noise).filter((sharpness) => !Number.isNaN(sharpness));
      assert.ok(noise.length > 30 && noise.every(isNoise));
    });

    it(`never falls to a quarter of what it is at any other time, so no order of pictures is an alarm, ${role}`, () => {
      const sharp = filmed[role].map((shot) => shot.sharp);
      assert.ok(sharp.length > 150);
      assert.ok(Math.min(...sharp) > 0.4 * Math.max(...sharp), `${Math.min(...sharp)} to ${Math.max(...sharp)}`);
    });

    it(`falls below a quarter of the usual in every picture when the camera is out of focus or the lab blurs it, ${role}`, () => {
      let state: Sharpness = NO_SHARPNESS;
      for (const [index, { sharp }] of filmed[role].entries()) {
        state = followSharpness(state, sharp, index / 10);
        assert.equal(state.dullSince, null);
      }
      const blurred = filmed[role].flatMap(({ outOfFocus, spoiled }) =>
        Number.isNaN(outOfFocus) ? [] : [outOfFocus, spoiled],
      );
      assert.ok(blurred.length > 60);
      assert.deepEqual(
        blurred.filter((sharpness) => followSharpness(state, sharpness, 100).dullSince !== 100),
        [],
      );
    });
  }
});

describe("the sharpness of a picture", () => {
  const size = 32;
  const sharpness = (value: (x: number) => number): number =>
    sharpnessOf(
      Uint8Array.from({ length: 3 * size * size }, (_, at) => value(Math.floor(at / 3) % size)),
      size,
    );

  it("is a half where a straight edge lies between two pixels, whatever its contrast and the light", () => {
    assert.equal(
      sharpness((x) => (x < 16 ? 20 : 60)),
      0.5,
    );
    assert.equal(
      sharpness((x) => (x < 16 ? 100 : 240)),
      0.5,
    );
  });

  it("is little where the edge is a ramp, and counts noise and plain pictures as sharp", () => {
    assert.ok(sharpness((x) => 100 + 10 * Math.min(8, Math.max(0, x - 12))) < 0.06);
    const random = createRandom(1);
    assert.ok(sharpness(() => random.index(256)) > 2);
    assert.equal(
      sharpness(() => 77),
      0.6,
    );
    // What is usual never becomes noise.
    assert.equal(followSharpness(NO_SHARPNESS, 4.4, 10).usual, 0.6);
  });
});

describe("the pictures of a camera against what they usually are", () => {
  /** After so many pictures of one sharpness, the last at 10 s. */
  const after = (pictures: number, sharpness: number, from = NO_SHARPNESS): Sharpness => {
    let state = from;
    for (let n = 0; n < pictures; n += 1) {
      state = followSharpness(state, sharpness, 10);
    }
    return state;
  };

  it("are dull below a quarter, since the first of a row, until one is sharp", () => {
    const usual = after(100, 0.4);
    assert.equal(followSharpness(usual, 0.101, 11).dullSince, null);
    const first = followSharpness(usual, 0.099, 11);
    const second = followSharpness(first, 0.05, 12);
    assert.equal(second.dullSince, 11);
    assert.equal(followSharpness(second, 0.4, 13).dullSince, null);
  });

  it("stay dull however long they are blurred", () => {
    assert.equal(after(100_000, 0.05, followSharpness(after(100, 0.4), 0.05, 11)).dullSince, 11);
  });

  it("are not judged among the first ninety, which all count", () => {
    assert.equal(followSharpness(after(89, 0.4), 0.01, 11).dullSince, null);
    assert.equal(followSharpness(after(90, 0.4), 0.01, 11).dullSince, 11);
    const begunWithNoise = after(85, 0.05, after(5, 0.6));
    assert.equal(followSharpness(begunWithNoise, 0.05, 11).dullSince, null);
  });

  it("may change slowly: what is usual follows over two thousand pictures, not over a hundred", () => {
    const long = after(5000, 0.4);
    assert.equal(followSharpness(after(100, 0.11, long), 0.09, 11).dullSince, 11);
    assert.equal(followSharpness(after(5000, 0.11, long), 0.09, 11).dullSince, null);
  });
});
