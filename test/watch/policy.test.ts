import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ladder } from "../../daemon/arm/ladder.js";
import { LateShare } from "../../daemon/arm/late-share.js";
import type { Chunk } from "../../daemon/types/chunk.js";
import { jointPosition } from "../../daemon/types/units.js";
import { bars, bySeverity, type Finding, REACTIONS } from "../../daemon/watch/finding.js";
import { type Demanded, shakenJoint } from "../../daemon/watch/policy-conditions.js";
import { chunkJudged, garbageCame, NO_REFUSALS } from "../../daemon/watch/refusal-run.js";
import { LIMITS } from "../limits.js";
import { POSE, shifted, Watched } from "./watched.js";

/** Lets a policy ask for something, tick by tick. */
function asked(seconds: number, ask: (time: number) => Partial<Demanded>): Watched {
  const bench = new Watched();
  bench.watch.policyBegins(bench.now);
  const start = bench.now;
  for (let tick = 0; tick < seconds / 0.01; tick++) {
    const demanded = { pathAt: bench.now, q: POSE, clamped: false, shaken: null, age: 0.3, ...ask(bench.now - start) };
    bench.facts = { demanded };
    bench.pass(0.01);
  }
  return bench;
}

describe("ML-16: a policy that sends the arm back and forth", () => {
  const wave = (hertz: number, degrees: number) => (time: number) => ({
    q: shifted(POSE, 5, degrees * Math.sin(2 * Math.PI * hertz * time)),
  });

  it("5 Hz, 1 degree: slow within half a second, ramp within a second or so", () => {
    assert.deepEqual(asked(0.6, wave(5, 1)).codes, ["oscillation/slow"]);
    assert.deepEqual(asked(1.3, wave(5, 1)).codes, ["oscillation/ramp", "oscillation/slow"]);
  });

  it("2 Hz, or less than half a degree there and back: nothing", () => {
    assert.deepEqual(asked(3, wave(2, 5)).codes, []);
    assert.deepEqual(asked(3, wave(8, 0.2)).codes, []);
  });
});

describe("ML-16: a chunk that sends the arm back and forth faster than the arm can follow", () => {
  const chunk = (degrees: readonly number[]): Chunk => ({
    ...{ id: 1, epoch: 1, capturedAt: 0, period: 0.1 },
    targets: degrees.map((by, step) => ({
      dueAt: (step + 1) / 10,
      q: jointPosition(shifted(POSE, 3, by)),
      gripper: 1,
    })),
  });
  const shaken = (degrees: readonly number[]): number | null => shakenJoint(chunk(degrees), LIMITS.watch.oscillation);

  it("turns at every step: its joint; once less, by less than half a degree, or on its way: none", () => {
    assert.equal(shaken([3, -3, 3, -3, 3]), 3);
    assert.equal(shaken([0, 3, -3, 3, 3]), null, "two turns in 0.4 s");
    assert.equal(shaken([0.4, -0.4, 0.4, -0.4, 0.4]), null);
    assert.equal(shaken([0, 2, 4, 6, 8]), null);
    assert.equal(shaken([]), null);
  });

  it("is slowed at once, and ends after half a second", () => {
    assert.deepEqual(asked(0.1, () => ({ shaken: 3 })).codes, ["oscillation/slow"]);
    assert.deepEqual(asked(0.6, () => ({ shaken: 3 })).codes, ["oscillation/ramp", "oscillation/slow"]);
    assert.deepEqual(asked(3, (time) => ({ shaken: time % 0.5 < 0.3 ? 3 : null })).codes, ["oscillation/slow"]);
  });
});

describe("ML-17: a policy that asks for more than there is", () => {
  it("in 40 % of two seconds: ramp; in 20 %: nothing", () => {
    const part = (share: number) => (time: number) => ({ clamped: time % 0.1 < share * 0.1 - 1e-6 });
    assert.deepEqual(asked(2.1, part(0.4)).codes, ["out-of-envelope/ramp"]);
    assert.deepEqual(asked(4, part(0.2)).codes, []);
  });
});

describe("PO-06, PO-13, PO-19: a policy that is late, that sees late, or that never ends", () => {
  it("slow from 0.8 of a chunk's length on", () => {
    assert.deepEqual(asked(0.1, () => ({ age: 0.79 })).codes, []);
    assert.deepEqual(asked(0.1, () => ({ age: 0.81 })).codes, ["policy-late/slow"]);
  });

  it("slow while its pictures are older than 150 ms, and not without pictures", () => {
    const bench = new Watched();
    const age = (milliseconds: number): readonly string[] => {
      bench.watch.pictures(bench.now - milliseconds / 1000, bench.now);
      bench.found.clear();
      return bench.pass(0.01).codes;
    };
    assert.deepEqual(bench.pass(1).codes, []);
    assert.deepEqual(age(144), []);
    assert.deepEqual(age(146), ["pictures-late/slow"]);
    assert.deepEqual(age(20), []);
    assert.deepEqual(age(-500), [], "of a picture from the future");
    assert.deepEqual(bench.pass(0.2).codes, ["pictures-late/slow"], "that grows as old as any other");
    bench.watch.policyBegins(bench.now);
    bench.found.clear();
    assert.deepEqual(bench.pass(1).codes, []);
    bench.watch.pictures(bench.now - 1, bench.now);
    bench.mode = "homing";
    assert.deepEqual(bench.pass(1).codes, []);
  });

  it("ramp after 120 s", () => {
    const bench = new Watched();
    bench.watch.policyBegins(bench.now);
    bench.pass(0.1).now += 119;
    assert.deepEqual(bench.pass(0.1).codes, []);
    bench.now += 1;
    assert.ok(bench.pass(0.1).codes.includes("policy-overrun/ramp"));
  });
});

describe("PO-01, PO-02, PO-04: refused chunks in a row", () => {
  const { chunks } = LIMITS;

  it("three beyond the limits are a ramp, two and then a good one are not", () => {
    let run = NO_REFUSALS;
    const found = (["outside", "too-fast", null, "outside", "old-epoch", "outside", "outside"] as const).map((code) => {
      const [next, finding] = chunkJudged(run, code, chunks);
      run = next;
      return finding?.code ?? "";
    });
    assert.deepEqual(found, ["", "", "", "", "", "", "policy-out-of-range"]);
  });

  it("two jumps are a ramp, one is not", () => {
    const [once, first] = chunkJudged(NO_REFUSALS, "too-far", chunks);
    const [, second] = chunkJudged(once, "too-far", chunks);
    assert.deepEqual([first, second?.code, second?.reaction], [null, "policy-jumps", "ramp"]);
  });

  it("no chunk twice within 10 s is a protective stop, within 11 s it is not", () => {
    const [once, first] = garbageCame(NO_REFUSALS, 100, chunks);
    assert.equal(first, null);
    assert.equal(garbageCame(once, 111, chunks)[1], null);
    assert.deepEqual(garbageCame(once, 109, chunks)[1]?.reaction, "protective-stop");
  });
});

describe("the ladder of reactions", () => {
  const finding = (id: string, reaction: Finding["reaction"]): Finding => ({
    id,
    reaction,
    code: "overspeed",
    detail: "",
  });

  it("the most severe first, then by id; the two highest latch", () => {
    const all = [
      finding("ML-04", "note"),
      finding("PO-01", "ramp"),
      finding("AR-10", "ramp"),
      finding("ML-15", "quick-stop"),
    ];
    assert.deepEqual(
      [...all].sort(bySeverity).map(({ id }) => id),
      ["ML-15", "AR-10", "PO-01", "ML-04"],
    );
    assert.deepEqual(
      REACTIONS.filter((reaction) => bars(finding("ML-04", reaction))),
      ["protective-stop", "quick-stop", "cut-supply"],
    );
  });

  it("slows down at once, goes on so for 200 ms, and tells of each finding once", () => {
    const told: string[] = [];
    const ladder = new Ladder(LIMITS.watch.slow, ({ id }) => told.push(id));
    const slow = [finding("HO-15", "slow")];
    assert.equal(ladder.pace([], 10), 1);
    assert.deepEqual([ladder.pace(slow, 10.01), ladder.pace(slow, 10.02)], [0.5, 0.5]);
    assert.deepEqual([ladder.pace([], 10.2), ladder.pace([], 10.23)], [0.5, 1]);
    assert.equal(ladder.pace([finding("ML-13", "note")], 11.1), 1);
    assert.equal(ladder.notices.length, 1);
    assert.deepEqual(told, ["HO-15", "ML-13"]);
  });
});

describe("HO-15: the share of late ticks", () => {
  it("is of the last minute, and of a whole one", () => {
    const late = new LateShare(0.005, 0.01);
    late.add(0.004, 100);
    assert.equal(late.share, 0);
    for (let count = 0; count < 7; count++) {
      late.add(0.006, 101 + count);
    }
    assert.ok(late.share > 0.001);
    late.add(0, 163.5);
    assert.ok(late.share < 0.001);
  });
});
