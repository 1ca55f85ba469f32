import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { NEVER, Subject } from "rxjs";
import type { TaskPhase, TaskProgress } from "../../daemon/operator/backend.js";
import { type Demonstrations, recordSystem } from "../../daemon/recorder/record-system.js";
import type { RecorderProcess } from "../../daemon/recorder/recorder-process.js";
import type { FromArm } from "../../daemon/types/arm-link.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { Takeover } from "../../daemon/types/teleop.js";
import { armReport } from "../loop/samples.js";

/** What the recorder was told, in words. */
let told: string[];
let arm: Subject<FromArm>;
let tasks: Subject<TaskProgress>;
let demonstrations: Demonstrations;

const recorder: RecorderProcess = {
  tell: (message) => {
    if (message.kind === "news" && message.topic === "/mark" && "kind" in message.value) {
      told.push(`mark ${String(message.value.kind)} at ${message.at}`);
    }
    return true;
  },
  open: ({ kind, instruction, startedAt }, _attachments, lead) => {
    told.push(`open ${kind} "${instruction}" at ${startedAt} with ${lead} s before`);
  },
  close: ({ outcome, endedAt }) => told.push(`close ${outcome} at ${endedAt}`),
  discard: () => told.push("discard"),
  end: () => Promise.resolve(),
  pid: () => undefined,
};

beforeEach(() => {
  told = [];
  arm = new Subject();
  tasks = new Subject();
  demonstrations = recordSystem({
    ...{ recorder, link: { messages: arm }, cameras: { pictures: NEVER }, chunks: NEVER, attachments: [], context: {} },
    ...{ clock: { now: () => 50 }, policyRuns: true, operator: () => "tester" },
    streams: { arm: NEVER, reasoning: NEVER, chunks: NEVER, faults: NEVER, progress: tasks },
  });
});

function task(phase: TaskPhase, changedAt: number, replay: TaskProgress["replay"] = null): void {
  tasks.next({ id: 1, instruction: "move it", phase, detail: "", startedAt: 10, changedAt, chunks: 0, replay });
}

function report(mode: Mode, at: number): void {
  arm.next({ kind: "state", state: armReport({ mode, at }) });
}

function takeOver(from: Takeover["from"], at: number): void {
  arm.next({ kind: "takeover", takeover: { at, from, epochBefore: 6, epoch: 7, by: "button" } });
}

describe("what becomes an episode", () => {
  it("no replay: it shows nothing that was not shown before", () => {
    task("acting", 11, { episode: "x.mcap", length: 3, differences: null });
    task("finished", 14, { episode: "x.mcap", length: 3, differences: null });
    assert.deepEqual(told, []);
  });

  it("a takeover from a policy: a correction that begins 10 s before it and ends when the leader lets go", () => {
    task("acting", 11);
    takeOver("policy", 20);
    task("paused", 20);
    report("teleop", 20.02);
    report("hold", 33);
    report("hold", 33.02);
    assert.deepEqual(told, [
      'open policy "move it" at 11 with 0 s before',
      'open correction "move it" at 20 with 10 s before',
      "mark intervention-begin at 20",
      "mark intervention-end at 33",
      "close completed at 33",
    ]);
  });

  it("the task that goes on after a correction: a policy run of its own", () => {
    task("acting", 11);
    takeOver("policy", 20);
    task("paused", 20);
    report("hold", 33);
    told = [];
    task("acting", 34);
    task("finished", 40);
    assert.deepEqual(told, ['open policy "move it" at 34 with 0 s before', "close completed at 40"]);
  });

  it("a takeover within a demonstration: marks in it, and no episode of its own", () => {
    demonstrations.begin("show it");
    takeOver("homing", 60);
    report("hold", 70);
    demonstrations.keep(true);
    assert.deepEqual(told, [
      'open demonstration "show it" at 50 with 0 s before',
      "mark intervention-begin at 60",
      "mark intervention-end at 70",
      "close completed at 50",
    ]);
  });

  it("a demonstration whose operator is gone: kept without a label, and the next one may begin", () => {
    demonstrations.begin("show it");
    demonstrations.leave();
    assert.deepEqual(told, ['open demonstration "show it" at 50 with 0 s before', "close stopped at 50"]);
    assert.equal(demonstrations.begin("show it"), null);
  });

  it("nothing where an operator leaves who shows nothing", () => {
    demonstrations.leave();
    assert.deepEqual(told, []);
  });

  it("no demonstration while a correction is recorded", () => {
    task("acting", 11);
    takeOver("policy", 20);
    assert.match(demonstrations.begin("show it") ?? "", /correction/);
  });
});
