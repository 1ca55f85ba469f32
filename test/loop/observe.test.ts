import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { map, Subject } from "rxjs";
import { observe, type Sight } from "../../daemon/loop/observe.js";
import type { ArmReport } from "../../daemon/types/arm-link.js";
import type { CameraFault, Frame } from "../../daemon/types/frame.js";
import { armReport, frame, joints } from "./samples.js";
import { START, virtually } from "./virtual-time.js";

/** Sights while frames, faults and reports arrive by hand. */
function watch(): {
  now: number;
  readonly sights: Sight[];
  readonly frames: Subject<Frame>;
  readonly faults: Subject<readonly CameraFault[]>;
  readonly reports: Subject<ArmReport>;
} {
  const frames = new Subject<Frame>();
  const faults = new Subject<readonly CameraFault[]>();
  const reports = new Subject<ArmReport>();
  const sights: Sight[] = [];
  const bench = { now: 100, sights, frames, faults, reports };
  observe({ cameras: { frames, faults }, reports, clock: { now: () => bench.now } }).subscribe((sight) =>
    sights.push(sight),
  );
  return bench;
}

/** Reports every 20 ms up to `until`, with the commanded joint angle equal to the time since 100 s. */
function report(bench: ReturnType<typeof watch>, until: number, changes: Partial<ArmReport> = {}): void {
  for (let n = 0; 99.9 + n * 0.02 <= until + 1e-9; n += 1) {
    const at = 99.9 + n * 0.02;
    bench.reports.next(armReport({ at, reference: joints(at - 100), measured: joints(at - 100.01), ...changes }));
  }
}

const reasonOf = (sight: Sight | undefined): string => (sight?.kind === "blind" ? sight.reason : "");

describe("observing", () => {
  it("pairs the newest frames with the joint positions at the older one's capture", () => {
    const bench = watch();
    report(bench, 100, { epoch: 4, pendingTargets: 2 });
    bench.frames.next(frame("front", 99.985));
    bench.frames.next(frame("wrist", 99.99));
    const sight = bench.sights.at(-1);
    assert.ok(sight?.kind === "observation");
    assert.equal(sight.observation.capturedAt, 99.985);
    assert.equal(sight.observation.epoch, 4);
    assert.equal(sight.pendingTargets, 2);
    assert.ok(Math.abs(sight.observation.commanded[0] - -0.015) < 1e-9);
    assert.ok(Math.abs(sight.observation.measured[0] - -0.025) < 1e-9);
  });

  it("gives one sight a frame, none a report", () => {
    const bench = watch();
    report(bench, 100);
    assert.equal(bench.sights.length, 0);
    bench.frames.next(frame("front", 99.99));
    bench.frames.next(frame("wrist", 99.99));
    assert.deepEqual(
      bench.sights.map(({ kind }) => kind),
      ["blind", "observation"],
    );
  });

  it("PO-17: is blind where the cameras say that they exposed apart, although both delivered at once", () => {
    const bench = watch();
    report(bench, 100);
    bench.frames.next(frame("front", 99.99, 1, 99.9));
    bench.frames.next(frame("wrist", 99.99, 1, 99.95));
    assert.match(reasonOf(bench.sights.at(-1)), /apart/);
    bench.frames.next(frame("front", 99.99, 2, 99.95));
    assert.equal(bench.sights.at(-1)?.kind, "observation");
  });

  it("is blind, and says why, without frames, with old ones, with a pair apart, with a fault, without the arm", () => {
    const bench = watch();
    bench.frames.next(frame("front", 99.99));
    assert.match(reasonOf(bench.sights.at(-1)), /wrist camera yet/);
    bench.frames.next(frame("wrist", 99.99));
    assert.match(reasonOf(bench.sights.at(-1)), /joint positions/);
    report(bench, 100.1);
    bench.now = 100.1;
    bench.frames.next(frame("front", 100.09));
    assert.match(reasonOf(bench.sights.at(-1)), /wrist camera is older than 0.1 s/);
    bench.frames.next(frame("wrist", 100.055));
    assert.match(reasonOf(bench.sights.at(-1)), /apart/);
    bench.frames.next(frame("wrist", 100.09));
    assert.equal(bench.sights.at(-1)?.kind, "observation");
    bench.faults.next([{ kind: "camera-frozen", role: "wrist", detail: "It repeats itself.", since: 100 }]);
    assert.equal(reasonOf(bench.sights.at(-1)), "It repeats itself.");
    bench.faults.next([]);
    assert.equal(bench.sights.at(-1)?.kind, "observation");
  });

  it("knows when the gripper has closed and let go", () => {
    const bench = watch();
    const gripper = (commanded: number) => ({ commanded, measured: commanded, receivedAt: 100 });
    const look = (at: number, commanded: number): Sight | undefined => {
      bench.now = at;
      bench.reports.next(armReport({ at: at - 0.01, reference: joints(at), gripper: gripper(commanded) }));
      bench.reports.next(armReport({ at, reference: joints(at), gripper: gripper(commanded) }));
      bench.frames.next(frame("front", at));
      bench.frames.next(frame("wrist", at));
      return bench.sights.at(-1);
    };
    look(100, 1);
    const closed = look(100.5, 0);
    assert.ok(closed?.kind === "observation" && !closed.released);
    assert.deepEqual(closed.observation.graspedAt, joints(100.5));
    assert.ok(Math.abs(closed.observation.sinceGripperCommand - 0.01) < 1e-9);
    const opened = look(101, 1);
    assert.ok(opened?.kind === "observation" && opened.released);
  });

  it("forgets with a new subscription", () => {
    virtually(({ hot, expectObservable }, clock) => {
      const reports = hot("a", { a: armReport({ at: START, reference: joints(0) }) });
      const frames = hot(" -b-c", { b: frame("front", START), c: frame("wrist", START) });
      const faults = hot<readonly CameraFault[]>("-");
      const kinds = observe({ cameras: { frames, faults }, reports, clock }).pipe(map(({ kind }) => kind));
      expectObservable(kinds).toBe("-b-c", { b: "blind", c: "observation" });
      expectObservable(kinds, "--^").toBe("---c", { c: "blind" });
    });
  });
});
