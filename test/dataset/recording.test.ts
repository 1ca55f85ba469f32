import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type ExportCommandOptions, runDatasetExport } from "../../daemon/cli/run-dataset-export.js";
import { readRecording } from "../../daemon/dataset/read-recording.js";
import { channelMessages } from "../../daemon/recorder/channel-messages.js";
import { EpisodeFile, endRecord, startRecord } from "../../daemon/recorder/episode-file.js";
import { makeDemonstration, makeFilm } from "./episodes.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-recording-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const episode = makeDemonstration(makeFilm(120));

/** Writes the test's demonstration with the recorder's own writer. */
async function record(name: string): Promise<string> {
  const file = await EpisodeFile.create(join(folder, `${name}.mcap.open`));
  const { instruction } = episode;
  const start = {
    kind: "demonstration",
    instruction,
    operator: "o",
    startedAt: 1000,
    wallOffset: 0,
    context: {},
  } as const;
  await file.metadata("kinevla.episode", startRecord(name, start));
  const news = (topic: "/arm/report" | "/arm/setpoint" | "/policy/reasoning", at: number, value: object) =>
    channelMessages({ kind: "news", topic, at, publishedAt: at, value });
  const messages = [
    ...(["front", "wrist"] as const).flatMap((role) =>
      episode.pictures[role].flatMap(({ at, jpeg }, sequence) =>
        channelMessages({ kind: "picture", role, at, publishedAt: at, sequence, jpeg }),
      ),
    ),
    ...episode.states.flatMap(({ at, measured, gripper }) => {
      const commanded = at < 1001 ? 1 : 0;
      return news("/arm/report", at, { measured, measuredAge: 0, gripper: { commanded, measured: gripper } });
    }),
    ...episode.commands.flatMap(({ at, commanded }) => news("/arm/setpoint", at, { q: commanded })),
    ...episode.texts.flatMap(({ at, coarse, fine }) => news("/policy/reasoning", at, { instruction, coarse, fine })),
  ];
  for (const message of messages) {
    await file.message(message);
  }
  const end = { endedAt: 1004, outcome: "completed", reason: "", success: true } as const;
  await file.metadata("kinevla.end", endRecord(end, { droppedFrames: 0, droppedMessages: 0, intervention: false }));
  const closed = join(folder, `${name}.mcap`);
  await file.close(closed);
  return closed;
}

const options: Omit<ExportCommandOptions, "out"> = {
  format: "kinevla",
  fps: 10,
  size: 32,
  codec: "h264",
  texts: "strings",
  success: "success",
  maxSkew: 50,
  idle: 500,
  idleMotion: 10,
  validation: 0,
};

describe("a recording becomes a data set", () => {
  it("is read as it was recorded, and exported for training; an existing folder is refused", async () => {
    const file = await record("whole");
    const read = await readRecording(file);
    assert.equal(read.instruction, episode.instruction);
    assert.equal(read.pictures.front.length, 120);
    assert.deepEqual(read.states.at(-1)?.measured, episode.states.at(-1)?.measured);
    const out = join(folder, "set");
    await runDatasetExport([file], { ...options, out });
    const header: unknown = JSON.parse(readFileSync(join(out, "dataset.json"), "utf8"));
    assert.ok(typeof header === "object" && header !== null && "schema" in header);
    assert.equal(header.schema, "kinevla.dataset.v1");
    assert.equal(statSync(join(out, "episodes/000000/front.rgb")).size, 28 * 32 * 32 * 3);
    assert.equal(statSync(join(out, "episodes/000000/steps.f32")).size, 28 * 4 * 66);
    await assert.rejects(runDatasetExport([file], { ...options, out }), /exists already/);
  });

  it("is refused when it is torn or foreign, and leaves nothing behind", async () => {
    const torn = await record("torn");
    truncateSync(torn, Math.floor(statSync(torn).size / 2));
    await assert.rejects(readRecording(torn), /kinevla record repair mends it/);
    const foreign = join(folder, "foreign.mcap");
    writeFileSync(foreign, "no recording");
    await assert.rejects(readRecording(foreign), /cannot be read/);
    const out = join(folder, "none");
    await assert.rejects(runDatasetExport([torn, foreign], { ...options, out }), /none can be exported/);
    assert.ok(!existsSync(out) && !existsSync(`${out}.unfinished`));
    mkdirSync(`${out}.unfinished`);
    await assert.rejects(runDatasetExport([torn], { ...options, out }), /no export of this program began it/);
  });
});
