import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { firstValueFrom, NEVER, type Observable, of, Subject } from "rxjs";
import { findEpisode, replayEpisode } from "../../daemon/composition/replaying.js";
import type { TaskProgress } from "../../daemon/operator/backend.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { JointVector } from "../../daemon/types/units.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { LIMITS } from "../limits.js";
import { createFakeArm } from "../loop/fake-arm.js";
import { folderApart } from "../recorder/samples.js";
import { ARM, DIGEST, episode, writeEpisode } from "../replay/episodes.js";

const NAME = "20261129T070341.123Z-demonstration-00000000";

/** What is told of an episode until it is over, and what was asked of the arm. */
async function told(
  folder: string,
  file: string,
  here: {
    readonly arm?: string;
    readonly commanded?: JointVector | null;
    readonly cancelled?: Observable<string>;
  } = {},
): Promise<{ readonly end: Partial<TaskProgress>; readonly requests: readonly string[] }> {
  const over = new Subject<void>();
  const { link, requests } = createFakeArm(hostClock, over, "standby");
  const changes: Partial<TaskProgress>[] = [];
  const rules = { folder, limits: LIMITS, limitsDigest: DIGEST };
  const commanded = here.commanded === undefined ? HOME : here.commanded;
  const { arm = ARM, cancelled = NEVER } = here;
  const replaying = { episode: file, path: join(folder, file), lease: 7, arm, cancelled };
  const events = replayEpisode(
    { link, clock: hostClock, nextChunkId: () => 1 },
    rules,
    { ...replaying, commanded: () => commanded },
    (change) => changes.push(change),
  );
  await firstValueFrom(events, { defaultValue: undefined });
  over.next();
  return { end: changes.at(-1) ?? {}, requests };
}

describe("an episode that is asked for", () => {
  it("is looked for in the folder of recordings alone", () => {
    const rules = { limits: LIMITS, limitsDigest: DIGEST };
    const none = findEpisode({ ...rules, folder: null }, "x.mcap");
    assert.ok("reason" in none && /nothing is recorded here/.test(none.reason));
    const missing = findEpisode({ ...rules, folder: "/nowhere" }, "x.mcap");
    assert.deepEqual(missing, { reason: "there is no x.mcap in /nowhere" });
  });

  it("is refused before the arm is asked for anything, with the reason", async () => {
    const { folder, remove } = folderApart();
    try {
      const file = await writeEpisode(folder, NAME, episode());
      const other = await told(folder, file, { arm: "RM65-B" });
      assert.match(other.end.detail ?? "", /^not replayed: it was recorded on another arm/);
      const away = await told(folder, file, { commanded: null });
      assert.equal(away.end.detail, "not replayed: there is no link to the arm");
      writeFileSync(join(folder, "text.mcap"), "no recording");
      const text = await told(folder, "text.mcap");
      assert.match(text.end.detail ?? "", /^not replayed: it is no recording of this program/);
      mkdirSync(join(folder, "folder.mcap"));
      const unreadable = await told(folder, "folder.mcap");
      assert.match(unreadable.end.detail ?? "", /^not replayed: it cannot be read: EISDIR/);
      for (const { end, requests } of [other, away, text, unreadable]) {
        assert.equal(end.phase, "failed");
        assert.equal(end.replay?.length, null);
        assert.deepEqual(requests, []);
      }
    } finally {
      remove();
    }
  });

  it("is not begun once it was cancelled while it was read", async () => {
    const { folder, remove } = folderApart();
    try {
      const file = await writeEpisode(folder, NAME, episode());
      const { end, requests } = await told(folder, file, { cancelled: of("stopped by all") });
      assert.deepEqual([end.phase, end.detail], ["stopped", "stopped by all"]);
      assert.deepEqual(requests, []);
    } finally {
      remove();
    }
  });
});
