import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { firstValueFrom, of, Subject } from "rxjs";
import { type CalibrationDoubt, confirmCalibrations, readDoubt } from "../../calibration/doubt.js";
import { writeCalibration } from "../../calibration/files.js";
import { calibrationFault } from "../../daemon/composition/calibration.js";
import { isCollision, noteCollisions } from "../../daemon/composition/collisions.js";
import { policyBarred } from "../../daemon/composition/policy-barred.js";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { Fault } from "../../daemon/ports/task-news.js";
import type { FromArm, StopReport } from "../../daemon/types/arm-link.js";
import { Supervised } from "../arm/supervised.js";
import { armReport } from "../loop/samples.js";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const HIT: StopReport = {
  ...{ code: "arm-fault", detail: "the arm reports: system error 0x100D", hint: "", at: 40, latched: true },
};

let work: string;
let folder: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "kinevla-collisions-"));
  folder = join(work, "calibration");
});
afterEach(() => rmSync(work, { recursive: true }));

/** A daemon that hears the arm process; 100 s on the monotonic clock are `NOW` on the wall. */
function daemon() {
  const messages = new Subject<FromArm>();
  const found: (CalibrationDoubt | null)[] = [];
  const said: string[] = [];
  const clocks = { now: () => 100, wallTime: () => NOW };
  noteCollisions(messages, folder, clocks, (words) => said.push(words)).subscribe((doubt) => found.push(doubt));
  return { messages, found, said };
}

describe("PO-18: a collision of the arm", () => {
  it("is noted beside the calibrations, with the time at which it happened, and once", () => {
    const { messages, found, said } = daemon();
    messages.next({ kind: "stopped", stop: HIT });
    messages.next({ kind: "state", state: armReport({ mode: "fault", stops: [HIT] }) });
    assert.deepEqual(found, [null]);
    assert.match(said.join(), /noted in .*confirmed or made anew/);
    const doubt = readDoubt(folder);
    assert.deepEqual([doubt?.since, doubt?.confirmed], ["2026-05-31T23:59:00.000Z", null]);
    assert.match(doubt?.why ?? "", /a collision of the arm \(system error 0x100D\)/);
  });
  it("is not noted anew by a daemon that starts while it is latched, also not when it was confirmed meanwhile", () => {
    daemon().messages.next({ kind: "stopped", stop: HIT });
    const doubt = readDoubt(folder);
    assert.ok(doubt !== null);
    confirmCalibrations(folder, doubt, "Sue", NOW);
    const again = daemon();
    again.messages.next({ kind: "state", state: armReport({ mode: "fault", stops: [HIT] }) });
    assert.deepEqual(again.found, []);
    assert.equal(readDoubt(folder)?.confirmed?.by, "Sue");
    again.messages.next({ kind: "stopped", stop: { ...HIT, at: 90 } });
    assert.equal(readDoubt(folder)?.confirmed, null);
  });
  it("that the daemon was not there for is found in the reports, as long as it is latched", () => {
    const { messages } = daemon();
    const other: StopReport = { ...HIT, code: "operator-stop", detail: "stopped", at: 41 };
    messages.next({ kind: "state", state: armReport({ mode: "fault", stops: [other, HIT] }) });
    assert.notEqual(readDoubt(folder), null);
  });
  it("that cannot be noted is remembered as long as the daemon runs, and said", () => {
    mkdirSync(join(folder, "doubt.json.new"), { recursive: true });
    const { messages, found, said } = daemon();
    messages.next({ kind: "stopped", stop: HIT });
    assert.match(found[0]?.why ?? "", /could not be noted .*a restart of the daemon forgets it/);
    assert.match(said.join(), /could not be noted/);
  });
  it("is what the arm process tells of a controller with this code, whatever else it reports", () => {
    for (const systemErrors of [[0x100d], [0x1002, 0x100d]]) {
      const bench = new Supervised().engaged();
      bench.state = { ...bench.state, systemErrors };
      bench.pass(0.05);
      assert.ok(bench.latest.stops.some(isCollision), JSON.stringify(bench.latest.stops));
    }
  });
  it("is no other fault of the arm, and nothing that was not latched", () => {
    for (const code of [0x1002, 0x100b, 0x1012, 0x5004]) {
      const bench = new Supervised().engaged();
      bench.state = { ...bench.state, systemErrors: [code] };
      bench.pass(0.05);
      assert.ok(bench.latest.stops.length > 0 && !bench.latest.stops.some(isCollision), code.toString(16));
    }
    assert.equal(isCollision({ ...HIT, latched: false }), false);
    const { messages, found } = daemon();
    messages.next({ kind: "stopped", stop: { ...HIT, detail: "the arm reports: J2 error 0x0800" } });
    messages.next({ kind: "state", state: armReport({ stops: [] }) });
    assert.deepEqual(found, []);
    assert.equal(readDoubt(folder), null);
  });
});

describe("PO-18: what the daemon says of the calibrations of a cell", () => {
  const lab = loadConfig(projectPath("daemon", "config", "lab.yaml"));
  /** What a daemon says first, and then on a collision. */
  async function hear(config: Config): Promise<readonly (Fault | null)[]> {
    const messages = new Subject<FromArm>();
    const said: (Fault | null)[] = [];
    let heard = (): void => {};
    const first = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const subscription = calibrationFault(config, messages, () => {}).subscribe((fault) => {
      said.push(fault);
      heard();
    });
    await first;
    messages.next({ kind: "stopped", stop: { ...HIT, at: hostClock.now() } });
    subscription.unsubscribe();
    return said;
  }
  it("changes with a collision at once, and is the same after a restart", async () => {
    const { front, wrist } = lab.cameras;
    assert.ok("url" in front && "url" in wrist);
    const measuredAt = new Date(Date.now() - 1000).toISOString();
    writeCalibration(folder, "roles", {
      ...{ format: "kinevla-calibration-1", kind: "roles", measuredAt, by: "Ada", arm: "A1" },
      ...{ cameras: { front: front.url, wrist: wrist.url }, residual: { front: 0.02, wrist: 0.5 } },
    });
    const config: Config = { ...lab, calibration: { directory: folder, arm: "A1", max_age_days: 90 } };
    const [before, after, ...more] = await hear(config);
    assert.equal(before, null);
    assert.equal(after?.code, "uncalibrated");
    assert.match(after.detail, /roles: made before a collision of the arm/);
    assert.match(after.hint, /calibrate confirm.*; going home, holding and teleoperation work without/);
    assert.deepEqual(more, []);
    const [again] = await hear(config);
    assert.match(again?.detail ?? "", /made before a collision of the arm/);
  });
  it("bars a policy from moving the arm, also one that was paused; without it only a changed bundle does", async () => {
    const fault: Fault = {
      ...{ code: "uncalibrated", part: "calibration", detail: "a collision", hint: "", since: 1, latched: false },
    };
    const altered = (words: string | null) => ({ altered: () => of(words) });
    assert.equal(await firstValueFrom(policyBarred(fault, altered(null))), "a collision");
    assert.equal(await firstValueFrom(policyBarred(null, altered("it was swapped"))), "it was swapped");
    assert.equal(await firstValueFrom(policyBarred(null, altered(null))), null);
  });
  it("is nothing where nobody asks for calibrations", async () => {
    assert.deepEqual(await hear(lab), [null]);
    assert.equal(readDoubt(folder), null);
  });
});
