import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { CLOSED, OPEN } from "../../daemon/recorder/episode-file.js";
import { readEpisode } from "../../daemon/recorder/read-episode.js";
import type { FromRecorder } from "../../daemon/recorder/recorder-messages.js";
import { startRecorderProcess } from "../../daemon/recorder/recorder-process.js";
import { type Repaired, repairFolder } from "../../daemon/recorder/repair.js";
import { end, folderApart, picture, start } from "./samples.js";
import { DISKS } from "./small-disk.js";

/** Where the disk ends: in the middle of the third chunk. */
const MOST_BYTES = 2_600_000;
/** A chunk of the file with its index and the picture that closes it. */
const CHUNK_BYTES = 1_150_000;

for (const make of DISKS) {
  it(`a disk that is full costs the unfinished chunk; it is told, and mended as soon as there is room (${make.name})`, async (test) => {
    const disk = make();
    test.after(() => disk.remove());
    const told: FromRecorder[] = [];
    let hear: (message: FromRecorder) => void = () => undefined;
    const next = (kind: FromRecorder["kind"]): Promise<FromRecorder> =>
      new Promise((resolve) => {
        hear = (message) => (message.kind === kind ? resolve(message) : undefined);
      });
    const recorder = startRecorderProcess({ folder: disk.folder, mostBytes: 1e12, leastFreeBytes: 0 }, (message) => {
      told.push(message);
      hear(message);
    });
    try {
      // A closed one: it must stay as it is.
      const before = next("closed");
      recorder.open(start(), [], 0);
      recorder.tell(picture("front", hostClock.now(), 1));
      recorder.close(end());
      await before;
      disk.holds(MOST_BYTES, recorder.pid());
      const failed = next("failed");
      recorder.open(start({ kind: "demonstration" }), [], 0);
      for (let n = 1; n <= 100; n++) {
        recorder.tell(picture("front", hostClock.now(), n));
      }
      const failure = await failed;
      assert.equal(failure.kind === "failed" ? failure.code : "", disk.code);
      assert.match(failure.kind === "failed" ? failure.hint : "", /kinevla record repair/);
      // What was told of that episode until then may still come: it belongs to none.
      const again = next("closed");
      recorder.open(start(), [], 0);
      recorder.tell(picture("front", hostClock.now(), 1));
      recorder.close(end());
      await again;
    } finally {
      await recorder.end();
    }
    const [open = ""] = readdirSync(disk.folder).filter((name) => name.endsWith(OPEN));
    const torn = readFileSync(join(disk.folder, open));
    const others = readdirSync(disk.folder).filter((name) => name.endsWith(CLOSED));
    const used = others.reduce((sum, name) => sum + statSync(join(disk.folder, name)).size, 0);
    const room = disk.code === "EFBIG" ? MOST_BYTES : MOST_BYTES - used;
    assert.ok(torn.length >= room - CHUNK_BYTES, `${torn.length} bytes are left of ${room}`);

    if (disk.code === "ENOSPC") {
      const [left] = await repair(disk.folder);
      assert.equal(left?.result, "left");
      assert.match(left?.detail ?? "", /no room: it needs \d+ MB/);
      assert.deepEqual(readFileSync(join(disk.folder, open)), torn);
      disk.holds(2 * MOST_BYTES + CHUNK_BYTES, undefined);
    }
    const found = await repair(disk.folder);
    assert.deepEqual(found.map(({ result }) => result).sort(), ["mended", "whole", "whole", "whole"]);
    const {
      messages,
      metadata,
      torn: rest,
    } = await readEpisode(join(disk.folder, open.slice(0, -OPEN.length) + CLOSED));
    assert.equal(rest, null);
    assert.equal(metadata.get("kinevla.end")?.get("outcome"), "crashed");
    // One after the other from the first, and each of 40 kB in base64.
    assert.deepEqual(
      messages.map(({ sequence }) => sequence),
      messages.map((_, index) => index + 1),
    );
    assert.ok(messages.length >= (room - CHUNK_BYTES) / 40_500, `${messages.length} pictures`);
  });
}

async function repair(folder: string): Promise<readonly Repaired[]> {
  const found: Repaired[] = [];
  await repairFolder(folder, (one) => found.push(one));
  return found;
}

it("what a disk is too slow for is dropped and counted, and never waits in memory without bound", async () => {
  const { folder, remove } = folderApart();
  const told: FromRecorder[] = [];
  let onTold: () => void = () => undefined;
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      onTold = resolve;
    });
  const opened = next();
  const recorder = startRecorderProcess({ folder, mostBytes: 1e12, leastFreeBytes: 0 }, (message) => {
    told.push(message);
    onTold();
  });
  try {
    recorder.open(start(), [], 0);
    await opened;
    const pid = recorder.pid();
    // Without one it would be for every process.
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGSTOP");
    let taken = 0;
    for (let n = 1; n <= 1000; n++) {
      taken += recorder.tell(picture("front", hostClock.now(), n)) ? 1 : 0;
    }
    process.kill(pid, "SIGCONT");
    // 8 MB of pictures of 32 kB.
    assert.ok(taken >= 200 && taken <= 270, `${taken}`);
    const closed = next();
    recorder.close(end());
    await closed;
  } finally {
    await recorder.end();
  }
  const closed = told.find(({ kind }) => kind === "closed");
  assert.ok(closed?.kind === "closed" && closed.messages >= 200);
  remove();
});
