import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BehaviorSubject,
  defer,
  delay,
  interval,
  mergeMap,
  NEVER,
  type Observable,
  of,
  Subject,
  takeUntil,
  throwError,
  timer,
} from "rxjs";
import { runTask } from "../../daemon/loop/run-task.js";
import type { Task } from "../../daemon/loop/task.js";
import type { TaskEvent } from "../../daemon/loop/task-event.js";
import type { Clock } from "../../daemon/ports/clock.js";
import {
  type Inference,
  InferenceError,
  type InferenceRequest,
  type Policy,
  type PolicyStatus,
} from "../../daemon/ports/policy.js";
import { CAMERA_ROLES, type CameraFault, type Frame } from "../../daemon/types/frame.js";
import type { Mode } from "../../daemon/types/mode.js";
import { createFakeArm, type FakeArm } from "./fake-arm.js";
import { delta, frame, inference } from "./samples.js";
import { START, virtually } from "./virtual-time.js";

const TASK: Task = {
  instruction: "pick up the bread and move it to the front",
  homeFirst: false,
  lease: 7,
  rules: {
    chunk: { period: 0.1, execute: 3 },
    gripper: { threshold: 0.5, hysteresis: 0.1 },
    completion: { stillChunks: 2, stillness: 0.01 },
  },
  reasoning: "cached",
  longest: 120,
};

const READY: PolicyStatus = {
  kind: "ready",
  latencyP95: 0.15,
  description: { bundleId: "b", horizon: 5, period: 0.1, imageSize: 1, provider: "cpu", instructions: [] },
};

/** Latencies of the fake policy, milliseconds. */
const FRESH_MS = 400;
const FORCED_MS = 120;

/** A task of two seconds: approach, grasp, carry, let go, stand still. */
function breadTask(since: number): Pick<Inference, "deltas" | "grippers"> {
  const still = since > 1.8;
  const opening = since > 0.6 && since < 1.4 ? 0 : 1;
  return {
    deltas: [1, 2, 3, 4, 5].map((step) => delta(still ? 0 : step * 0.02)),
    grippers: [opening, opening, opening, opening, opening],
  };
}

interface Bench {
  readonly events: readonly (readonly [at: number, event: TaskEvent])[];
  readonly arm: FakeArm;
  readonly faults: BehaviorSubject<readonly CameraFault[]>;
  readonly paused: BehaviorSubject<boolean>;
  readonly cancelled: Subject<string>;
  readonly requests: readonly InferenceRequest[];
}

interface Setting {
  readonly task?: Partial<Task>;
  readonly status?: PolicyStatus;
  readonly frames?: (clock: Clock) => Observable<Frame>;
  /** What the policy does with its n-th request, from 0; null answers as usual. */
  readonly answer?: (n: number) => Observable<Inference> | null;
  /** Why no policy may begin to move the arm, by the time since the start, s. */
  readonly barred?: (seconds: number) => string | null;
  /** A camera fault that is there from the start. */
  readonly fault?: CameraFault;
  /** Mode of the arm process at the start. */
  readonly mode?: Mode;
  /** Is called at the given milliseconds. */
  readonly at?: Readonly<Record<number, (bench: Bench) => void>>;
}

/** Runs one task in virtual time to its end. */
function run(setting: Setting = {}): Bench {
  let bench: Bench | null = null;
  virtually((_, clock) => {
    const events: [number, TaskEvent][] = [];
    const requests: InferenceRequest[] = [];
    const over = new Subject<void>();
    const arm = createFakeArm(clock, over, setting.mode ?? "standby");
    const faults = new BehaviorSubject<readonly CameraFault[]>(setting.fault === undefined ? [] : [setting.fault]);
    const paused = new BehaviorSubject(false);
    const cancelled = new Subject<string>();
    const frames = (
      setting.frames?.(clock) ??
      interval(50).pipe(mergeMap((n) => CAMERA_ROLES.map((role) => frame(role, clock.now() - 0.004, n))))
    ).pipe(takeUntil(over));
    let acting = Number.NaN;
    const begunAt = clock.now();
    const policy: Policy = {
      status: of(setting.status ?? READY),
      infer: (request) =>
        defer(() => {
          const count = requests.push(request);
          const other = setting.answer?.(count - 1) ?? null;
          if (other !== null) {
            return other;
          }
          const fresh = request.text.kind === "generated";
          acting = fresh || Number.isNaN(acting) ? clock.now() + FRESH_MS / 1000 : acting;
          const generated = { coarse: "the bread", fine: "to the front", generatedAt: clock.now() };
          const text = request.text.kind === "forced" ? request.text.text : generated;
          const answer = inference({ ...breadTask(clock.now() - acting), fresh, reasoning: text });
          return of(answer).pipe(delay(fresh ? FRESH_MS : FORCED_MS));
        }),
      altered: () => of(null),
      close: () => Promise.resolve(),
    };
    const made: Bench = { events, arm, faults, paused, cancelled, requests };
    bench = made;
    for (const [milliseconds, act] of Object.entries(setting.at ?? {})) {
      timer(Number(milliseconds)).subscribe(() => act(made));
    }
    let nextId = 0;
    const ports = {
      link: arm.link,
      cameras: { frames, faults },
      policy,
      clock,
      barred: () => defer(() => of(setting.barred?.(clock.now() - begunAt) ?? null)),
      nextChunkId: () => {
        nextId += 1;
        return nextId;
      },
    };
    const task: Task = { ...TASK, ...setting.task };
    runTask(ports, task, { paused, cancelled })
      .pipe(takeUntil(timer(200_000)))
      .subscribe({
        next: (event) => events.push([Math.round((clock.now() - START) * 1000), event]),
        complete: () => over.next(),
      });
  });
  assert.ok(bench !== null);
  return bench;
}

const kinds = ({ events }: Bench): readonly string[] =>
  events.map(([, event]) => (event.kind === "phase" ? event.phase : event.kind));
const end = ({ events }: Bench): readonly [string, string] => {
  const last = events.at(-1)?.[1];
  assert.ok(last?.kind === "finished");
  return [last.outcome, last.reason];
};
const chunkEvents = ({ events }: Bench) =>
  events.flatMap(([at, event]) => (event.kind === "chunk" ? [{ at, ...event.chunk }] : []));

const outcome = (bench: Bench): string => end(bench)[0];
const endedAt = ({ events }: Bench): number => events.at(-1)?.[0] ?? Number.NaN;

const FROZEN: CameraFault = { kind: "camera-frozen", role: "wrist", detail: "It repeats itself.", since: START };

describe("a task", () => {
  it("engages, understands, follows the policy until it has let go and stands still, and ends in hold", () => {
    const bench = run();
    assert.deepEqual(end(bench), ["completed", ""]);
    assert.deepEqual(kinds(bench).slice(0, 5), ["engaging", "thinking", "understood", "acting", "chunk"]);
    assert.deepEqual(bench.arm.requests, ["engage", "follow-policy", "hold"]);
    assert.equal(bench.arm.mode(), "hold");
    assert.ok(chunkEvents(bench).length > 5 && chunkEvents(bench).every(({ accepted }) => accepted));
  });

  it("goes home first when it should", () => {
    const bench = run({ task: { homeFirst: true }, mode: "hold" });
    assert.equal(outcome(bench), "completed");
    assert.deepEqual(kinds(bench).slice(0, 4), ["engaging", "homing", "thinking", "understood"]);
    assert.deepEqual(bench.arm.requests, ["home", "follow-policy", "hold"]);
  });

  it("brings a moving arm to hold before anything else", () => {
    assert.deepEqual(run({ mode: "policy" }).arm.requests, ["hold", "follow-policy", "hold"]);
  });

  it("starts an inference every three steps and counts what still lies ahead", () => {
    const bench = run();
    const captured = chunkEvents(bench).map(({ capturedAt }) => capturedAt);
    const gaps = captured.slice(1).map((at, index) => Math.round((at - (captured[index] ?? 0)) * 1000));
    assert.deepEqual([...new Set(gaps)], [300]);
    for (const { steps, capturedAt } of chunkEvents(bench)) {
      assert.equal(steps, 4, `a chunk captured at ${capturedAt} arrives after its first step`);
    }
  });

  it("generates the text once, says it before the first chunk, and forces it from then on", () => {
    const bench = run();
    assert.deepEqual(bench.requests.map(({ text }) => text.kind).slice(0, 4), [
      "generated",
      "forced",
      "forced",
      "forced",
    ]);
    const understanding = bench.events.flatMap(([, event]) =>
      event.kind === "understood" ? [event.understanding] : [],
    );
    assert.equal(understanding.length, 1);
    assert.deepEqual(
      [understanding[0]?.instruction, understanding[0]?.coarse, understanding[0]?.fine, understanding[0]?.fresh],
      [TASK.instruction, "the bread", "to the front", true],
    );
    const said = { coarse: "the bread", fine: "to the front", generatedAt: understanding[0]?.generatedAt };
    assert.deepEqual(bench.requests[1]?.text, { kind: "forced", text: said });
    assert.ok(chunkEvents(bench).every(({ forced }) => forced));
  });

  it("generates and says the text for every chunk when it should", () => {
    const bench = run({
      task: { reasoning: "every-chunk" },
      answer: () => of(inference({ grippers: [1, 1, 1, 1, 1] })).pipe(delay(80)),
      at: { 3000: ({ cancelled }) => cancelled.next("enough") },
    });
    const drafts = bench.requests.map(({ text }) =>
      text.kind === "generated" ? (text.draft?.fine ?? "none") : "forced",
    );
    assert.deepEqual(drafts.slice(0, 3), ["none", "move to the front", "move to the front"]);
    const order = kinds(bench).filter((kind) => kind === "understood" || kind === "chunk");
    assert.deepEqual(order.slice(0, 5), ["understood", "understood", "chunk", "understood", "chunk"]);
  });

  it("measures every phase of a chunk, so that they add up to its whole time", () => {
    const [chunk] = chunkEvents(run());
    assert.ok(chunk !== undefined);
    const { phases } = chunk;
    assert.ok(Math.abs(phases.grab - 0.004) < 1e-6);
    const whole = Object.values(phases).reduce((sum, time) => sum + time, 0);
    assert.ok(Math.abs(whole - (0.004 + FORCED_MS / 1000)) < 1e-6);
  });

  it("makes observations of the commanded position at capture and of the grasp in this task", () => {
    const bench = run();
    assert.equal(bench.requests[0]?.observation.graspedAt, null);
    assert.notEqual(bench.requests.at(-1)?.observation.graspedAt, null);
    assert.equal(bench.requests[1]?.observation.epoch, 2);
  });
});

describe("a task ends", () => {
  it("when it takes too long", () => {
    const forever = () => inference({ deltas: [1, 2, 3, 4, 5].map((step) => delta(step / 100)), fresh: false });
    const bench = run({ task: { longest: 10 }, answer: () => of(forever()).pipe(delay(100)) });
    assert.equal(outcome(bench), "timed-out");
    assert.equal(endedAt(bench), 10_000);
    assert.equal(bench.arm.mode(), "hold");
  });

  it("when it is cancelled, in hold", () => {
    const bench = run({ at: { 1500: ({ cancelled }) => cancelled.next("another instruction") } });
    assert.deepEqual(end(bench), ["stopped", "another instruction"]);
    assert.equal(endedAt(bench), 1500);
    assert.equal(bench.arm.mode(), "hold");
  });

  it("when an operator stops the arm, as stopped; when the arm process stops itself, as failed", () => {
    const stop = { code: "operator-stop", detail: "Stopped by anna.", hint: "Acknowledge.", latched: true };
    const stopped = run({ at: { 1500: ({ arm }) => arm.stop(stop, "fault") } });
    assert.deepEqual(end(stopped), ["stopped", "Stopped by anna. Acknowledge."]);
    assert.ok(endedAt(stopped) <= 1520);
    const starved = run({ at: { 1500: ({ arm }) => arm.stop({ ...stop, code: "policy-starved" }, "hold") } });
    assert.equal(outcome(starved), "failed");
  });

  it("when anybody else asks the arm to hold", () => {
    const bench = run({ at: { 1500: ({ arm }) => arm.link.request({ kind: "hold" }, 8).subscribe() } });
    assert.deepEqual(end(bench), ["stopped", "the arm was asked to hold"]);
  });

  it("when a camera gets a fault while the arm moves", () => {
    const bench = run({ at: { 1500: ({ faults }) => faults.next([FROZEN]) } });
    assert.deepEqual(end(bench), ["failed", "It repeats itself."]);
    assert.equal(endedAt(bench), 1500);
    assert.equal(bench.arm.mode(), "hold");
  });

  it("when a camera has a fault before it moves, without moving", () => {
    const bench = run({ task: { homeFirst: true }, fault: FROZEN });
    assert.deepEqual(end(bench), ["failed", "It repeats itself."]);
    assert.deepEqual(bench.arm.requests, ["hold"]);
  });

  it("when there is nothing to see for three seconds before it moves", () => {
    const bench = run({ frames: () => NEVER });
    assert.equal(outcome(bench), "failed");
    assert.match(end(bench)[1], /nothing to go by/);
    assert.ok(!bench.arm.requests.includes("follow-policy"));
  });

  it("when the arm has a fault or refuses, before it moves", () => {
    assert.equal(outcome(run({ mode: "fault" })), "failed");
    assert.equal(outcome(run({ mode: "disconnected" })), "failed");
    const refusing = run({ at: { 0: ({ arm }) => arm.refuse("follow-policy") } });
    assert.match(end(refusing)[1], /refuses to follow the policy: it was told to refuse/);
  });

  it("when the policy is not ready or too slow, without touching the arm", () => {
    for (const status of [{ kind: "loading" } as const, { ...READY, latencyP95: 0.4 }]) {
      const bench = run({ status });
      assert.equal(outcome(bench), "failed");
      assert.deepEqual(bench.arm.requests, ["hold"]);
    }
  });

  it("PO-11: when the bundle was changed after it was loaded, without touching the arm", () => {
    const words = "the bundle is no longer what was loaded";
    const bench = run({ barred: () => words });
    assert.deepEqual(end(bench), ["failed", words]);
    assert.deepEqual(
      bench.arm.requests.filter((kind) => kind !== "hold"),
      [],
    );
  });

  it("PO-11: when it was changed while the task thought or was paused, before the policy moves the arm", () => {
    const thinking = run({ barred: (seconds) => (seconds > 0.3 ? "it was swapped" : null) });
    assert.deepEqual(end(thinking), ["failed", "it was swapped"]);
    assert.ok(!thinking.arm.requests.includes("follow-policy"));
    const resumed = run({
      barred: (seconds) => (seconds > 1.5 ? "it was swapped" : null),
      at: { 1400: ({ paused }) => paused.next(true), 2000: ({ paused }) => paused.next(false) },
    });
    assert.deepEqual(end(resumed), ["failed", "it was swapped"]);
    assert.equal(resumed.arm.requests.filter((kind) => kind === "follow-policy").length, 1);
  });

  it("after five failed inferences in a row, not after four", () => {
    const failing = (from: number, count: number) => (n: number) =>
      n >= from && n < from + count ? throwError(() => new Error("deadline missed")) : null;
    const four = run({ answer: failing(2, 4) });
    assert.equal(outcome(four), "completed");
    assert.equal(kinds(four).filter((kind) => kind === "fault").length, 4);
    assert.deepEqual(end(run({ answer: failing(2, 5) })), ["failed", "deadline missed"]);
    assert.deepEqual(end(run({ answer: failing(0, 5) })), ["failed", "deadline missed"]);
  });

  it("PO-10: and tells the arm process of a state that the policy does not know, five observations in a row, not four", () => {
    const strange = new InferenceError("commanded 3 is 6.1 standard deviations away", "unfamiliar");
    const failing = (from: number, count: number, error: Error) => (n: number) =>
      n >= from && n < from + count ? throwError(() => error) : null;
    const told = ({ arm }: Bench) => arm.told.filter(({ kind }) => kind === "unfamiliar");
    for (const from of [0, 2]) {
      const bench = run({ answer: failing(from, 5, strange) });
      assert.deepEqual(told(bench), [{ kind: "unfamiliar", detail: strange.message }]);
      assert.deepEqual(end(bench), ["failed", strange.message]);
      assert.deepEqual(told(run({ answer: failing(from, 4, strange) })), []);
      assert.deepEqual(told(run({ answer: failing(from, 5, new InferenceError("deadline missed", "other")) })), []);
      assert.deepEqual(told(run({ answer: failing(from, 5, new Error("deadline missed")) })), []);
    }
    const mixed = run({
      answer: (n) => (n < 9 ? throwError(() => (n === 3 ? new Error("deadline missed") : strange)) : null),
    });
    assert.deepEqual(told(mixed), [], "not in a row");
  });

  it("PO-01: and tells the arm process of each answer that is no chunk", () => {
    const broken = new InferenceError("step 3 is not seven finite numbers", "no-chunk");
    const bench = run({ answer: (n) => (n === 1 || n === 2 ? throwError(() => broken) : null) });
    const told = bench.arm.told.filter(({ kind }) => kind === "no-chunk");
    assert.deepEqual(told, [
      { kind: "no-chunk", detail: broken.message },
      { kind: "no-chunk", detail: broken.message },
    ]);
    const late = run({
      answer: (n) => (n === 1 ? throwError(() => new InferenceError("deadline missed", "other")) : null),
    });
    assert.ok(late.arm.told.every(({ kind }) => kind !== "no-chunk"));
  });

  it("without a chunk for the arm from an inference that failed", () => {
    const spoilt = throwError(() => new Error("The decoder gave NaN at step 1, dimension 1; the clip is 2"));
    const bench = run({ answer: (n) => (n === 0 ? null : spoilt) });
    assert.match(end(bench)[1], /The decoder gave NaN/);
    assert.deepEqual(bench.arm.chunks, []);
  });

  it("after five refused chunks in a row", () => {
    const bench = run({ at: { 1500: ({ arm }) => arm.refuse("chunk") } });
    assert.equal(outcome(bench), "failed");
    assert.match(end(bench)[1], /it was told to refuse/);
    assert.equal(chunkEvents(bench).filter(({ accepted }) => !accepted).length, 5);
  });
});

describe("a chunk that comes too late", () => {
  it("is not handed over", () => {
    const bench = run({ answer: (n) => (n === 2 ? of(inference({ fresh: false })).pipe(delay(600)) : null) });
    const late = chunkEvents(bench).filter(({ accepted }) => !accepted);
    assert.deepEqual(
      late.map(({ steps, reason }) => [steps, reason]),
      [[0, "too late: all its targets had passed"]],
    );
    assert.equal(outcome(bench), "completed");
  });
});

describe("pausing", () => {
  it("holds and keeps the task, text and grasp; resuming follows the policy again under a new epoch", () => {
    const bench = run({
      at: { 1600: ({ paused }) => paused.next(true), 4000: ({ paused }) => paused.next(false) },
    });
    assert.equal(outcome(bench), "completed");
    assert.deepEqual(bench.arm.requests, ["engage", "follow-policy", "hold", "follow-policy", "hold"]);
    assert.ok(chunkEvents(bench).every(({ at }) => at < 1600 || at > 4000));
    assert.equal(kinds(bench).filter((kind) => kind === "understood").length, 1);
    assert.deepEqual([...new Set(chunkEvents(bench).map(({ epoch }) => epoch))], [2, 3]);
  });

  it("waits for the stopping ramp to end when it is resumed at once", () => {
    const bench = run({
      at: { 1600: ({ paused }) => paused.next(true), 1620: ({ paused }) => paused.next(false) },
    });
    assert.equal(outcome(bench), "completed");
  });

  it("before the arm moves keeps it from moving", () => {
    const bench = run({
      at: { 0: ({ paused }) => paused.next(true), 2000: ({ cancelled }) => cancelled.next("enough") },
    });
    assert.ok(!bench.arm.requests.includes("follow-policy"));
  });
});
