import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import type { FromRecorder } from "../../daemon/recorder/recorder-messages.js";
import { startRecorderProcess } from "../../daemon/recorder/recorder-process.js";
import { type Repaired, repairFolder } from "../../daemon/recorder/repair.js";
import { end, folderApart, picture, start } from "./samples.js";

/** Where the disk ends for one file: in the middle of the third chunk. */
const MOST_BYTES = 2_600_000;

it("a disk that is full costs the unfinished chunk; it is told, and the next episode is recorded again", async () => {
  const { folder, remove } = folderApart();
  const told: FromRecorder[] = [];
  let hear: (message: FromRecorder) => void = () => undefined;
  const next = (kind: FromRecorder["kind"]): Promise<FromRecorder> =>
    new Promise((resolve) => {
      hear = (message) => (message.kind === kind ? resolve(message) : undefined);
    });
  const recorder = startRecorderProcess({ folder, mostBytes: 1e12 }, (message) => {
    told.push(message);
    hear(message);
  });
  try {
    const opened = next("opened");
    recorder.open(start({ kind: "demonstration" }), [], 0);
    await opened;
    // No disk of its own can be had without privileges: the kernel refuses in the same way at the end of a file's quota.
    const limit = spawnSync("prlimit", ["--pid", String(recorder.pid()), `--fsize=${MOST_BYTES}`], {
      encoding: "utf8",
    });
    assert.equal(limit.status, 0, limit.stderr);
    const failed = next("failed");
    for (let n = 1; n <= 100; n++) {
      recorder.tell(picture("front", hostClock.now(), n));
    }
    const failure = await failed;
    assert.equal(failure.kind === "failed" ? failure.code : "", "EFBIG");
    assert.match(failure.kind === "failed" ? failure.hint : "", /kinevla record repair/);
    const closed = next("closed");
    recorder.open(start(), [], 0);
    recorder.tell(picture("front", hostClock.now(), 1));
    recorder.close(end());
    await closed;
  } finally {
    await recorder.end();
  }
  const found: Repaired[] = [];
  await repairFolder(folder, (one) => found.push(one));
  const mended = found.find(({ result }) => result === "mended");
  // Two whole chunks, each of at least 26 pictures of 40 kB in base64.
  assert.ok((mended?.messages ?? 0) >= 52, `${mended?.messages}`);
  assert.deepEqual(found.map(({ result }) => result).sort(), ["mended", "whole", "whole"]);
  remove();
});

it("what a disk is too slow for is dropped and counted, and never waits in memory without bound", async () => {
  const { folder, remove } = folderApart();
  const told: FromRecorder[] = [];
  let onTold: () => void = () => undefined;
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      onTold = resolve;
    });
  const opened = next();
  const recorder = startRecorderProcess({ folder, mostBytes: 1e12 }, (message) => {
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
