import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import type { Demonstration } from "../../daemon/dataset/demonstration.js";
import { exportDataset } from "../../daemon/dataset/export.js";
import type { TextColumns } from "../../daemon/dataset/features.js";
import { LeRobotWriter } from "../../daemon/dataset/lerobot.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { level, makeDemonstration, makeFilm, path } from "./episodes.js";
import { lerobotPython } from "./python.js";

const numbers = z.array(z.number());
const loaded = z.object({
  episodes: z.number(),
  frames: z.array(
    z.object({
      episode: z.number(),
      frame: z.number(),
      timestamp: z.number(),
      state: numbers,
      action: numbers,
      intervention: z.boolean(),
      task: z.string(),
      shapes: z.record(z.string(), numbers),
      levels: z.record(z.string(), z.number()),
      language: z.array(z.object({ role: z.string(), content: z.string(), style: z.string(), timestamp: z.number() })),
      texts: z.array(z.string().nullable()),
    }),
  ),
  fps: z.number(),
  tasks: z.array(z.string()),
  chunk: numbers,
  stats: z.record(z.string(), z.record(z.string(), z.unknown())),
});

const film = makeFilm(120);
const OTHER = "pick up the bread and move it to the left front";

function episodes(): readonly Demonstration[] {
  return [
    makeDemonstration(film),
    makeDemonstration(film, { success: false }),
    makeDemonstration(film, { instruction: OTHER, driver: "policy", interventions: [{ from: 1003, to: 1010 }] }),
  ];
}

describe("a data set that the package lerobot reads", () => {
  let folder = "";
  let found: readonly z.infer<typeof loaded>[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kinevla-lerobot-"));
    // At once: most of the time goes into loading PyTorch.
    found = load([await exported("strings", "strings"), await exported("language", "language")]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function exported(name: string, texts: TextColumns): Promise<string> {
    const out = join(folder, name);
    const options = { fps: 10, maxSkew: 0.05, idle: { duration: 0.5, motion: 0.01, gripper: 0.02 } };
    const sources = episodes().map((episode, index) => ({ name: String(index), read: async () => episode }));
    const rest = { success: "success", tasks: [], validation: 0 } as const;
    const summary = await exportDataset(
      sources,
      { out, ...options, ...rest },
      (work) => new LeRobotWriter(work, { size: 64, crop: 1, fps: 10, codec: "h264", texts, robot: "rm75" }),
    );
    assert.deepEqual(summary, { exported: 2, heldOut: 0, filtered: 1, refused: 0, steps: 56, idleSteps: 24 });
    return out;
  }

  function load(roots: readonly string[]): readonly z.infer<typeof loaded>[] {
    const script = projectPath("test", "dataset", "read_lerobot.py");
    const env = { ...process.env, HF_HUB_OFFLINE: "1", HF_HOME: join(folder, "hf"), PYTHONDONTWRITEBYTECODE: "1" };
    const said = execFileSync(lerobotPython(), [script, ...roots], { env, encoding: "utf8", maxBuffer: 1e8 });
    return z.array(loaded).parse(JSON.parse(said));
  }

  function at(index: number): z.infer<typeof loaded> {
    const one = found[index];
    assert.ok(one !== undefined);
    return one;
  }

  it("holds every frame, in order, with its pictures, states, actions, texts and flags", () => {
    const { episodes: count, frames, fps, tasks, chunk, stats } = at(0);
    assert.equal(count, 2);
    assert.equal(fps, 10);
    assert.deepEqual(tasks, [makeDemonstration(film).instruction, OTHER]);
    assert.deepEqual(chunk, [5, 8]);
    assert.equal(frames.length, 56);
    for (const [index, frame] of frames.entries()) {
      const place = index % 28;
      assert.deepEqual([frame.episode, frame.frame], [Math.floor(index / 28), place]);
      assert.ok(Math.abs(frame.timestamp - place / 10) < 1e-6);
      assert.equal(frame.task, tasks[frame.episode]);
      assert.deepEqual(frame.shapes, {
        "observation.images.front": [3, 64, 64],
        "observation.images.wrist": [3, 64, 64],
      });
      // The rest from 1.5 s on is gone but for its first step.
      const time = 0.012 + (place <= 15 ? place : place + 12) / 10;
      const picture = level(Math.round(30 * time));
      assert.ok(
        Math.abs((frame.levels["observation.images.front"] ?? 0) - picture) < 3,
        `${index}: ${JSON.stringify(frame.levels)}`,
      );
      assert.ok(Math.abs((frame.state[0] ?? 0) - path(time - 0.05)) < 0.003);
      assert.equal(frame.state[7], time < 1.2 ? 1 : Math.fround(0.4));
      const next = frames[index + 1];
      if (next?.episode === frame.episode) {
        const commanded = path(0.012 + (place + 1 <= 15 ? place + 1 : place + 13) / 10);
        assert.ok(Math.abs((frame.action[0] ?? 0) - commanded) < 0.003);
      }
      assert.equal(frame.intervention, frame.episode === 1 && time >= 3);
      assert.deepEqual(frame.texts, ["move the bread", "Robot Action: Trajectory Shape - To the front"]);
    }
    assert.deepEqual(stats["observation.images.front"]?.count, [56]);
    assert.deepEqual(stats.action?.count, [56]);
    const first = z.array(z.number()).parse(stats["observation.state"]?.max)[7];
    assert.equal(first, 1);
  });

  it("keeps goal and kinematics text in the language column", () => {
    const { frames } = at(1);
    assert.equal(frames.length, 56);
    for (const { language } of frames) {
      assert.deepEqual(
        language.map(({ role, style, content, timestamp }) => ({ role, style, content, timestamp })),
        [
          { role: "assistant", style: "subtask", content: "move the bread", timestamp: 0 },
          {
            role: "assistant",
            style: "motion",
            content: "Robot Action: Trajectory Shape - To the front",
            timestamp: 0,
          },
        ],
      );
    }
  });
});
