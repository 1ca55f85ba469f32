import assert from "node:assert/strict";
import { test } from "node:test";
import { Subject } from "rxjs";
import { StateFeed } from "../../daemon/operator/state-feed.js";
import type { ArmReport } from "../../daemon/types/arm-link.js";
import { calmReport } from "./fake-backend.js";

test("a number counts as seen for half a second after it was sent, the newest one always", () => {
  const reports = new Subject<ArmReport>();
  let now = 0;
  const feed = new StateFeed(reports, () => now);
  assert.equal(feed.isFresh(0, now), true);
  assert.equal(feed.isFresh(1, now), false);
  for (now of [1, 1.2, 1.4]) {
    reports.next(calmReport());
  }
  assert.deepEqual([feed.latest?.sequence, feed.latest?.message.mode], [3, "hold"]);
  now = 1.5;
  assert.deepEqual(
    [1, 2, 3, 4].map((seen) => feed.isFresh(seen, now)),
    [true, true, true, false],
  );
  now = 1.65;
  assert.deepEqual(
    [1, 2, 3].map((seen) => feed.isFresh(seen, now)),
    [false, true, true],
  );
  now = 9;
  assert.deepEqual(
    [1, 2, 3].map((seen) => feed.isFresh(seen, now)),
    [false, false, true],
  );
  feed.close();
  assert.equal(reports.observed, false);
});

test("every follower gets every frame until it leaves", () => {
  const reports = new Subject<ArmReport>();
  const feed = new StateFeed(reports, () => 0);
  const seen: number[] = [];
  const leave = feed.follow((frame) => seen.push(frame.sequence));
  reports.next(calmReport());
  reports.next(calmReport());
  leave();
  reports.next(calmReport());
  assert.deepEqual(seen, [1, 2]);
});
