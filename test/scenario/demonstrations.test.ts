import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { type ExportCommandOptions, runDatasetExport } from "../../daemon/cli/run-dataset-export.js";
import { readRecording } from "../../daemon/dataset/read-recording.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";
import { benchDemonstrations } from "../bench/demonstrations.js";
import { offExposure } from "../bench/exposures.js";
import { lerobotPython } from "../dataset/python.js";

type Bench = Awaited<ReturnType<typeof benchDemonstrations>>;

const loaded = z.tuple([
  z.object({
    episodes: z.number(),
    tasks: z.array(z.string()),
    frames: z.array(z.object({ action: z.array(z.number()), texts: z.array(z.string().nullable()) })),
  }),
]);
const header = z.object({ tasks: z.array(z.object({ instruction: z.string() })), episodes: z.int() });

/** The file of the episode that succeeded. */
function fileOf(bench: Bench, folder: string): string {
  return join(folder, `${bench.runs.at(-1)?.recording}.mcap`);
}

it("tells how far a stamp is from the exposure of its picture, and that an exposure was there before", () => {
  assert.deepEqual(offExposure([1.25, 3, 3.5, 5.125], [1, 2, 3, 4, 5]), [0.25, 0, 0.5, 0.125]);
  assert.ok(Number.isNaN(offExposure([2, 2], [1, 2])[1]));
});

/** A stop may cut a demonstration short on a machine that runs other tests beside it: then the hand shows the next one. */
const MOST_TRIES = 3;

describe("a leader arm in a hand shows the arm a task", () => {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-chain-"));
  let task = TASKS[0];
  let bench: Bench;
  before(async () => {
    bench = await benchDemonstrations({
      ...{ configFile: projectPath("daemon", "config", "lab.yaml"), realTime: true, progress: () => undefined },
      ...{
        episodes: MOST_TRIES,
        seed: 7_100_000,
        tasks: "bread",
        looks: "nominal",
        fps: undefined,
        minutes: undefined,
        enough: 1,
        out: join(folder, "recordings"),
      },
    });
    // The tasks are shown in turn, and the last one succeeded.
    task = TASKS[bench.episodes - 1];
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const out = (name: string) => join(folder, name);
  const options = (format: ExportCommandOptions["format"], name: string): ExportCommandOptions => ({
    ...{ out: out(name), format, fps: 10, size: 32, codec: "h264", texts: "strings", success: "success" },
    // Cameras that are later than that are stale, and say so.
    ...{ tasks: join(folder, "recordings", "tasks.json"), maxSkew: 250, idle: 500, idleMotion: 10, validation: 0 },
  });

  it("is followed to the end, does the task, and is recorded with the lab's verdict as its label", async (context) => {
    context.diagnostic(JSON.stringify(bench.runs));
    assert.equal(bench.good, 1);
    assert.equal(bench.recorded, bench.episodes);
    const { driver, success, instruction, gripperCommands, commands } = await readRecording(
      fileOf(bench, join(folder, "recordings")),
    );
    assert.deepEqual([driver, success, instruction], ["person", true, task?.instruction]);
    assert.deepEqual(
      gripperCommands.map(({ opening }) => opening),
      [1, 0, 1],
    );
    assert.ok(commands.length > 500);
  });

  it("has pictures that are stamped within 1 ms of their exposure, none twice", () => {
    const { pictures, unmatched, max } = bench.stamped_off_exposure_ms;
    assert.ok(pictures > 100 && unmatched === 0 && max <= 1, JSON.stringify(bench.stamped_off_exposure_ms));
  });

  it("becomes a data set that lerobot reads, with actions and both texts", async () => {
    await runDatasetExport([fileOf(bench, join(folder, "recordings"))], options("lerobot", "lerobot"));
    const env = { ...process.env, HF_HUB_OFFLINE: "1", HF_HOME: join(folder, "hf"), PYTHONDONTWRITEBYTECODE: "1" };
    const script = projectPath("test", "dataset", "read_lerobot.py");
    const said = execFileSync(lerobotPython(), [script, out("lerobot")], { env, encoding: "utf8", maxBuffer: 1e8 });
    const [{ episodes, tasks, frames }] = loaded.parse(JSON.parse(said));
    assert.deepEqual([episodes, tasks], [1, [task?.instruction]]);
    assert.ok(frames.length > 50, `${frames.length} frames`);
    const openings = frames.map(({ action }) => action[7] ?? Number.NaN);
    assert.deepEqual([openings[0], Math.min(...openings), openings.at(-1)], [1, 0, 1]);
    assert.ok(frames.every(({ texts }) => texts[0] === task?.coarse && texts[1] === task?.fine));
  });

  it("becomes a data set for models/training", async () => {
    await runDatasetExport([fileOf(bench, join(folder, "recordings"))], options("kinevla", "kinevla"));
    const { tasks, episodes } = header.parse(JSON.parse(readFileSync(join(out("kinevla"), "dataset.json"), "utf8")));
    assert.deepEqual([episodes, tasks.map(({ instruction }) => instruction)], [1, [task?.instruction]]);
  });
});
