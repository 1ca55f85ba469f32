import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { COLUMNS } from "../../drivers/virtual-lab/dataset/format.js";
import { generateDataset } from "../../drivers/virtual-lab/dataset/generate.js";
import { TASKS, type TaskSet } from "../../drivers/virtual-lab/scene/tasks.js";

const SIZE = 32;
const folder = mkdtempSync(join(tmpdir(), "kinevla-dataset-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function generate(
  name: string,
  tasks: TaskSet,
  episodes: number,
  workers: number,
  mistakes = 0,
): Promise<string> {
  const out = join(folder, name);
  await generateDataset({ episodes, seed: 77, out, workers, size: SIZE, tasks, mistakes });
  return out;
}

describe("the data set", () => {
  it("is the same bytes for the same seed, however many workers make it", async () => {
    const two = await generate("two", "bread", 2, 2);
    const one = await generate("one", "bread", 1, 1);
    for (const file of ["front.rgb", "wrist.rgb", "steps.f32", "episode.json"]) {
      const path = join("episodes", "000000", file);
      assert.ok(readFileSync(join(two, path)).equals(readFileSync(join(one, path))), file);
    }
  });

  it("holds what its description says", () => {
    const two = join(folder, "two");
    const description = JSON.parse(readFileSync(join(two, "dataset.json"), "utf8"));
    assert.equal(description.schema, "kinevla.dataset.v1");
    assert.equal(description.imageSize, SIZE);
    assert.equal(description.period, 0.1);
    assert.equal(description.horizon, 5);
    assert.deepEqual(
      description.tasks.map(({ number }: { readonly number: number }) => number),
      [0, 1, 2],
    );
    assert.deepEqual(description.columns, COLUMNS);
    const width = COLUMNS.reduce((sum, column) => sum + column.width, 0);
    for (const episode of ["000000", "000001"]) {
      const at = join(two, "episodes", episode);
      const { steps, kinematic, extent, task, instruction } = JSON.parse(
        readFileSync(join(at, "episode.json"), "utf8"),
      );
      assert.equal(kinematic, extent === "task");
      const wordings = [description.tasks[task].instruction, ...description.tasks[task].paraphrases];
      assert.ok(wordings.includes(instruction));
      assert.equal(readFileSync(join(at, "steps.f32")).length, 4 * width * steps);
      assert.equal(readFileSync(join(at, "front.rgb")).length, SIZE * SIZE * 3 * steps);
      assert.equal(readFileSync(join(at, "wrist.rgb")).length, SIZE * SIZE * 3 * steps);
    }
  });

  it("names the tasks of a carrot set by their place in the whole list", async () => {
    const out = await generate("carrot", "carrot", 1, 1);
    const { tasks } = JSON.parse(readFileSync(join(out, "dataset.json"), "utf8"));
    assert.deepEqual(
      tasks.map(({ number, instruction }: { readonly number: number; readonly instruction: string }) => [
        number,
        instruction,
      ]),
      [3, 4, 5, 6].map((number) => [number, TASKS[number]?.instruction]),
    );
    const episode = JSON.parse(readFileSync(join(out, "episodes", "000000", "episode.json"), "utf8"));
    assert.equal(episode.task, 3);
    assert.ok(episode.grip > 0.02, "gripped by the upper part");
    const unseen = new Set(TASKS.flatMap((task) => task.unseen));
    assert.ok(!unseen.has(episode.instruction));
  });

  it("shows mistakes in the share that was asked for, says so, and changes nothing else", async () => {
    const out = await generate("mistaken", "bread", 2, 2, 1);
    assert.equal(JSON.parse(readFileSync(join(out, "dataset.json"), "utf8")).mistakes, 1);
    assert.equal("mistakes" in JSON.parse(readFileSync(join(folder, "two", "dataset.json"), "utf8")), false);
    for (const episode of ["000000", "000001"]) {
      const told = JSON.parse(readFileSync(join(out, "episodes", episode, "episode.json"), "utf8"));
      const without = JSON.parse(readFileSync(join(folder, "two", "episodes", episode, "episode.json"), "utf8"));
      assert.ok(told.mistake === "miss" || told.mistake === "wrong-place");
      assert.equal(without.mistake, undefined);
      assert.equal(told.disturbed, true);
      assert.deepEqual([told.instruction, told.seed, told.extent], [without.instruction, without.seed, without.extent]);
    }
  });

  it("has labels that lead from each commanded position to the next where nothing pushes", () => {
    const bytes = readFileSync(join(folder, "two", "episodes", "000001", "steps.f32"));
    const width = COLUMNS.reduce((sum, column) => sum + column.width, 0);
    const row = (step: number, column: number): number => bytes.readFloatLE(4 * (step * width + column));
    const steps = bytes.length / 4 / width;
    let agreeing = 0;
    for (let step = 0; step + 1 < steps; step += 1) {
      const near = [0, 1, 2, 3, 4, 5, 6].every(
        (joint) => Math.abs(row(step, joint) + row(step, 25 + joint) - row(step + 1, joint)) < 1e-6,
      );
      agreeing += near ? 1 : 0;
    }
    assert.ok(agreeing > 0.5 * steps, `${agreeing} of ${steps}`);
  });

  it("has a step every 100 ms and the instant of its pictures, 20 to 80 ms before it", () => {
    const bytes = readFileSync(join(folder, "two", "episodes", "000001", "steps.f32"));
    const width = COLUMNS.reduce((sum, column) => sum + column.width, 0);
    const steps = bytes.length / 4 / width;
    for (let step = 0; step < steps; step += 1) {
      const time = bytes.readFloatLE(4 * (step * width + width - 2));
      const age = time - bytes.readFloatLE(4 * (step * width + width - 1));
      assert.ok(Math.abs(time - 0.1 * step) < 1e-4, `step ${step} at ${time} s`);
      assert.ok(step === 0 ? age === 0 : age > 0.019 && age < 0.081, `pictures of step ${step} are ${age} s old`);
    }
  });
});
