import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { inspectEpisode, readEpisode } from "../../daemon/recorder/read-episode.js";
import { Recorder } from "../../daemon/recorder/recorder.js";
import type { FromRecorder } from "../../daemon/recorder/recorder-messages.js";
import { type Repaired, repairFolder } from "../../daemon/recorder/repair.js";
import { closing, folderApart, mark, opening, picture, report, setpoint } from "./samples.js";

let apart: ReturnType<typeof folderApart>;
let told: FromRecorder[];
let recorder: Recorder;

beforeEach(() => {
  apart = folderApart();
  told = [];
  recorder = new Recorder({ folder: apart.folder, mostBytes: 1e9, leastFreeBytes: 0 }, (message) => told.push(message));
});
afterEach(() => apart.remove());

const files = (): readonly string[] => readdirSync(apart.folder).filter((name) => name.includes(".mcap"));

async function repair(): Promise<readonly Repaired[]> {
  const found: Repaired[] = [];
  await repairFolder(apart.folder, (one) => found.push(one));
  return found;
}

/** The one file of the folder, read whole. */
const episode = (): ReturnType<typeof readEpisode> => readEpisode(join(apart.folder, files()[0] ?? ""));

describe("one episode", () => {
  it("holds what happened with its own instants, under what it was recorded, and how it ended", async () => {
    await recorder.handle(opening({ startedAt: 100 }));
    await recorder.handle(picture("front", 100.0123456, 41));
    await recorder.handle(report(100.02, 0.004));
    await recorder.handle(setpoint(100.03));
    await recorder.handle(closing({ endedAt: 101, outcome: "completed", success: true }));

    const { messages, metadata, attachments, torn } = await episode();
    assert.equal(torn, null);
    assert.deepEqual(
      messages.map(({ topic, logTime, publishTime, sequence }) => ({ topic, logTime, publishTime, sequence })),
      [
        { topic: "/camera/front", logTime: 100_012_345_600n, publishTime: 100_016_345_600n, sequence: 41 },
        { topic: "/joint_states", logTime: 100_016_000_000n, publishTime: 100_020_000_000n, sequence: 1 },
        { topic: "/arm/report", logTime: 100_020_000_000n, publishTime: 100_020_000_000n, sequence: 1 },
        { topic: "/arm/setpoint", logTime: 100_030_000_000n, publishTime: 100_030_000_000n, sequence: 1 },
      ],
    );
    assert.deepEqual(messages[1]?.value, {
      timestamp: { sec: 100, nsec: 16_000_000 },
      joints: [0, 1, 2, 3, 4, 5, 6].map((position) => ({ name: `joint${position + 1}`, position })),
    });
    const begun = metadata.get("kinevla.episode");
    assert.equal(begun?.get("config_sha256"), "c0ffee");
    assert.equal(begun?.get("operator"), "tester");
    assert.equal(begun?.get("started_ns"), "100000000000");
    assert.equal(metadata.get("kinevla.end")?.get("success"), "true");
    assert.equal(attachments.get("start-front.jpg")?.byteLength, 30_000);
    assert.equal(attachments.has("start-wrist.jpg"), false);
  });

  it("is in the index once it is closed", async () => {
    await recorder.handle(opening({ kind: "demonstration" }));
    await recorder.handle(setpoint(1));
    assert.equal(readIndex(apart.folder), null);
    await recorder.handle(closing({ success: false }));
    const [entry, ...more] = readIndex(apart.folder) ?? [];
    assert.deepEqual(more, []);
    assert.equal(entry?.kind, "demonstration");
    assert.equal(entry?.success, false);
    assert.equal(entry?.messages, 1);
    assert.ok(Math.abs(Date.parse(entry?.started ?? "") - Date.now()) < 60_000);
  });

  it("is removed when it is to be done again, and nothing else is", async () => {
    await recorder.handle(opening());
    await recorder.handle(closing());
    await recorder.handle(opening());
    await recorder.handle({ kind: "discard" });
    assert.equal(files().length, 1);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ["opened", "closed", "opened", "discarded"],
    );
  });

  it("ends when another begins", async () => {
    await recorder.handle(opening());
    await recorder.handle(opening());
    const [entry] = readIndex(apart.folder) ?? [];
    assert.equal(entry?.outcome, "stopped");
    assert.equal(files().length, 2);
  });
});

describe("a correction", () => {
  it("begins with the last 10 s before the takeover and is marked as intervention", async () => {
    for (let at = 80; at <= 100; at += 0.5) {
      await recorder.handle(setpoint(at));
    }
    await recorder.handle(opening({ kind: "correction", startedAt: 100 }, 10));
    await recorder.handle(mark(100, "intervention-begin"));
    await recorder.handle(setpoint(100.5));
    await recorder.handle(closing());
    const { messages, metadata } = await episode();
    const times = messages.filter(({ topic }) => topic === "/arm/setpoint").map(({ logTime }) => Number(logTime) / 1e9);
    assert.equal(times[0], 90);
    assert.equal(times.at(-1), 100.5);
    assert.equal(times.length, 22);
    assert.equal(metadata.get("kinevla.end")?.get("intervention"), "true");
  });
});

describe("room on the disk", () => {
  it("is made by removing the oldest policy runs; demonstrations stay", async () => {
    recorder = new Recorder({ folder: apart.folder, mostBytes: 150_000, leastFreeBytes: 0 }, (message) =>
      told.push(message),
    );
    for (const kind of ["demonstration", "policy", "policy", "policy"] as const) {
      await recorder.handle(opening({ kind }));
      await recorder.handle(picture("front", 1, 1, 60_000));
      await recorder.handle(closing());
    }
    // Each is 140 kB: with the picture at the start and in base64 on its channel.
    const kinds = (readIndex(apart.folder) ?? []).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["demonstration", "policy"]);
    assert.equal(files().length, 2);
  });
});

describe("repair", () => {
  /** An episode of 100 pictures, torn off at a part of its length. */
  async function tornAt(part: number): Promise<number> {
    await recorder.handle(opening());
    for (let n = 1; n <= 100; n++) {
      await recorder.handle(picture("front", n / 20, n));
    }
    const path = join(apart.folder, files()[0] ?? "");
    const { length } = readFileSync(path);
    truncateSync(path, Math.floor(length * part));
    return length;
  }

  it("closes a file torn in the middle with all its whole chunks", async () => {
    const length = await tornAt(0.7);
    const found = await repair();
    assert.deepEqual(
      found.map(({ result }) => result),
      ["mended", "whole"],
    );
    const { messages, metadata } = await episode();
    assert.equal(metadata.get("kinevla.end")?.get("outcome"), "crashed");
    // A chunk is a megabyte and a picture 40 kB in base64: no more than one chunk is lost.
    assert.ok(messages.length >= (0.7 * length - 1.1e6) / 40_100, `${messages.length} of 100`);
    assert.deepEqual(
      messages.map(({ sequence }) => sequence),
      messages.map((_, index) => index + 1),
    );
    assert.equal(readIndex(apart.folder)?.[0]?.messages, messages.length);
  });

  it("loses nothing but what a spoilt chunk holds", async () => {
    await tornAt(1);
    const path = join(apart.folder, files()[0] ?? "");
    const bytes = readFileSync(path);
    bytes.fill(0xaa, bytes.length - 500_000);
    writeFileSync(path, bytes);
    const [first] = await repair();
    assert.equal(first?.result, "mended");
    assert.ok((first?.messages ?? 0) >= 26, `${first?.messages}`);
  });

  it("removes a file in which nothing was recorded yet", async () => {
    await recorder.handle(opening());
    assert.deepEqual(
      (await repair()).map(({ result }) => result),
      ["empty"],
    );
    assert.deepEqual(files(), []);
  });

  it("tells of a closed file that does not read, and leaves it", async () => {
    await recorder.handle(opening());
    await recorder.handle(setpoint(1));
    await recorder.handle(closing());
    const path = join(apart.folder, files()[0] ?? "");
    truncateSync(path, readFileSync(path).length - 100);
    const [first] = await repair();
    assert.equal(first?.result, "spoilt");
    assert.equal(files().length, 1);
    assert.deepEqual(readIndex(apart.folder), []);
  });

  it("makes a missing index anew", async () => {
    await recorder.handle(opening());
    await recorder.handle(setpoint(1));
    await recorder.handle(closing());
    const before = readFileSync(join(apart.folder, "index.json"), "utf8");
    writeFileSync(join(apart.folder, "index.json"), "{ half");
    await repair();
    assert.equal(readFileSync(join(apart.folder, "index.json"), "utf8"), before);
  });

  it("finishes what a repair that was killed between its last two steps has left", async () => {
    await tornAt(0.7);
    const open = join(apart.folder, files()[0] ?? "");
    const torn = readFileSync(open);
    await repair();
    writeFileSync(open, torn);
    const found = await repair();
    assert.deepEqual(
      found.map(({ result }) => result),
      ["mended", "whole"],
    );
    assert.equal(files().length, 1);
  });

  it("removes neither of two files of one episode that hold something else", async () => {
    await tornAt(0.7);
    const open = join(apart.folder, files()[0] ?? "");
    const torn = readFileSync(open);
    await repair();
    writeFileSync(open, torn.subarray(0, 1_500_000));
    const [first] = await repair();
    assert.equal(first?.result, "left");
    assert.match(first?.detail ?? "", /move one of the two away/);
    assert.equal(files().length, 2);
  });

  it("touches no folder that is none", async () => {
    await assert.rejects(
      repairFolder(join(apart.folder, "nowhere"), () => undefined),
      /is no folder/,
    );
  });

  it("writes files that their own index finds everything in", async () => {
    await recorder.handle(opening());
    for (let n = 1; n <= 100; n++) {
      await recorder.handle(picture("wrist", n / 20, n));
    }
    await recorder.handle(closing());
    const { messages, wrong } = await inspectEpisode(join(apart.folder, files()[0] ?? ""));
    assert.deepEqual({ messages, wrong }, { messages: 100, wrong: null });
  });
});

describe("room on the disk (HO-10)", () => {
  const LEAST = 10e9;
  const GIGABYTE = 1e9;
  let free = 0;
  beforeEach(() => {
    const options = { folder: apart.folder, mostBytes: 1e9, leastFreeBytes: LEAST };
    recorder = new Recorder(
      options,
      (message) => told.push(message),
      async () => free,
    );
  });
  const kinds = (): readonly string[] => told.map(({ kind }) => kind);

  it("below the least no episode begins, and it is told how much there is", async () => {
    free = 9.9 * GIGABYTE;
    await recorder.handle(opening());
    assert.deepEqual(files(), []);
    const [failure] = told;
    assert.ok(failure?.kind === "failed");
    assert.equal(failure.code, "disk-low");
    assert.match(failure.detail, /^9\.9 GB are free at .*, and an episode begins with at least 10\.0 GB$/);
    assert.match(failure.hint, /Make room/);
    free = LEAST;
    await recorder.handle(opening());
    assert.deepEqual(kinds(), ["failed", "opened"]);
  });

  it("half of it is told once, and with a fifth the episode is closed in order", async () => {
    free = LEAST;
    await recorder.handle(opening({ startedAt: 100 }));
    const later = async (at: number, gigabytes: number): Promise<void> => {
      free = gigabytes * GIGABYTE;
      await recorder.handle(setpoint(at));
    };
    await later(106, 5.1);
    await later(112, 4.9);
    await later(118, 3);
    await later(119, 1);
    assert.deepEqual(kinds(), ["opened", "low"], "the disk is asked every five seconds");
    await later(124, 1.9);
    assert.deepEqual(kinds(), ["opened", "low", "closed", "failed"]);
    const { messages, metadata, torn } = await episode();
    assert.equal(torn, null);
    assert.equal(messages.length, 5);
    assert.equal(metadata.get("kinevla.end")?.get("outcome"), "stopped");
    assert.match(metadata.get("kinevla.end")?.get("reason") ?? "", /nearly full/);
    await later(130, 1.9);
    assert.equal(told.length, 4);
  });

  it("of a disk with room nothing is said", async () => {
    free = LEAST;
    await recorder.handle(opening({ startedAt: 100 }));
    for (let at = 100; at < 130; at++) {
      await recorder.handle(setpoint(at));
    }
    await recorder.handle(closing());
    assert.deepEqual(kinds(), ["opened", "closed"]);
  });
});
