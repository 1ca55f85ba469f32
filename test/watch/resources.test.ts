import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Resources, WatchedProcess } from "../../daemon/types/resources.js";
import { resourceConditions } from "../../daemon/watch/resource-conditions.js";
import { LIMITS } from "../limits.js";
import { Watched } from "./watched.js";

const WELL: Resources = { memory: 0.3, descriptors: 0.01, busy: 0.25 };

/** What is found while a process reads the same every second for so long. */
function found(used: Partial<Resources>, seconds = 10, process: WatchedProcess = "arm process"): readonly string[] {
  const bench = new Watched();
  for (let second = 0; second < seconds; second += 1) {
    bench.watch.used(process, { ...WELL, ...used }, bench.now);
    bench.note();
    bench.now += 1;
  }
  return bench.watch.findings.map(({ reaction, detail }) => `${reaction}: ${detail}`);
}

describe("HO-08: what a process uses", () => {
  it("more than 80 % of its memory or its descriptors: ramp; 80 %: nothing", () => {
    assert.deepEqual(found({ memory: 0.8, descriptors: 0.8, busy: 0.8 }), []);
    assert.deepEqual(found({ memory: 0.81 }, 1), ["ramp: the arm process uses 81 % of its memory"]);
    assert.deepEqual(found({ descriptors: 1 }, 1, "daemon"), ["ramp: the daemon has 100 % of its descriptors open"]);
    assert.equal(found({ memory: Number.NaN }, 1).length, 1);
  });

  it("a loop that is busy for 5 s: ramp; for 4 s, or now and then: nothing", () => {
    assert.deepEqual(found({ busy: 0.9 }, 5), []);
    assert.deepEqual(found({ busy: 0.9 }, 6), ["ramp: the arm process has been busy 90 % of the time for 5 s"]);
    const bench = new Watched();
    for (const busy of [0.9, 0.9, 0.9, 0.9, 0.2, 0.9, 0.9, 0.9, 0.9, 0.9]) {
      bench.watch.used("daemon", { ...WELL, busy }, bench.now);
      bench.note();
      bench.now += 1;
    }
    assert.deepEqual(bench.codes, []);
  });

  it("is of each process by itself, outlives the arm's link and ends with the process", () => {
    const bench = new Watched();
    bench.watch.used("daemon", { ...WELL, memory: 0.9 }, bench.now);
    bench.watch.used("arm process", WELL, bench.now);
    bench.watch.forget();
    assert.deepEqual(
      bench.watch.findings.map(({ code }) => code),
      ["resources-short"],
    );
    bench.watch.used("daemon", null, bench.now);
    assert.deepEqual(bench.watch.findings, []);
  });

  it("has the same rows with a process and without one", () => {
    const { resources } = LIMITS.watch;
    assert.equal(
      resourceConditions("daemon", null, resources).length,
      resourceConditions("daemon", WELL, resources).length,
    );
  });
});
