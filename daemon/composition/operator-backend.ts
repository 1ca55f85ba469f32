import {
  BehaviorSubject,
  combineLatest,
  concat,
  defer,
  filter,
  firstValueFrom,
  map,
  type Observable,
  ReplaySubject,
  Subject,
  type Subscription,
  shareReplay,
  startWith,
} from "rxjs";
import type { ArmLink } from "../loop/arm-link.js";
import { reportsOf, toHold } from "../loop/arm-stages.js";
import { unfitness } from "../loop/policy-fitness.js";
import { runTask } from "../loop/run-task.js";
import type { BundleRules, TaskPorts, TaskSignals } from "../loop/task.js";
import type { Standing } from "../measure/standing.js";
import type {
  JointLimits,
  OperatorBackend,
  Outcome,
  ReplayProgress,
  TaskProgress,
  TaskRequest,
} from "../operator/backend.js";
import type { Cameras } from "../ports/camera.js";
import type { Clock } from "../ports/clock.js";
import type { Policy, PolicyStatus } from "../ports/policy.js";
import type { ChunkReport, Fault, Understanding } from "../ports/task-news.js";
import type { ArmReport, ArmRequest, FromArm } from "../types/arm-link.js";
import type { Seconds } from "../types/units.js";
import { policyBarred } from "./policy-barred.js";
import { type PartStates, presentFaults, reasonsNotReady } from "./present-faults.js";
import { cannotMove, refused } from "./refused.js";
import { findEpisode, type ReplayRules, replayEpisode } from "./replaying.js";
import { type Advance, tellTask } from "./tell-task.js";
import { unmeasured } from "./unmeasured.js";

/** What the backend works with. */
export interface BackendParts {
  readonly link: ArmLink;
  readonly cameras: Cameras;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly rules: BundleRules;
  readonly limits: JointLimits;
  readonly replays: ReplayRules;
  readonly reasoning: "cached" | "every-chunk";
  readonly longestTask: Seconds;
  /** What was measured on this arm; null for a virtual one. */
  readonly standing: Standing | null;
  /** Why no policy may move the arm for want of calibration; null when one may. */
  readonly calibration: Observable<Fault | null>;
  /** What is wrong with the audit log; null when nothing is. */
  readonly audit: Observable<Fault | null>;
  /** What keeps the recorder from recording; null for nothing. */
  readonly recording: Observable<Fault | null>;
  /** Begins or ends a demonstration. */
  readonly record: (request: Extract<TaskRequest, { kind: "record" }>) => Outcome;
}

/** A running task and how to reach it. */
interface RunningTask {
  readonly paused: BehaviorSubject<boolean>;
  readonly cancelled: ReplaySubject<string>;
  readonly ended: Promise<void>;
  /** It can go on from wherever the arm is. */
  readonly pausable: boolean;
}

/** The daemon as the operator server sees it: one task at a time over arm link, cameras and policy. */
export class DaemonBackend implements OperatorBackend {
  readonly streams: OperatorBackend["streams"];
  readonly commands: OperatorBackend["commands"];
  readonly #parts: BackendParts;
  readonly #reasoning = new ReplaySubject<Understanding>(1);
  readonly #chunks = new Subject<ChunkReport>();
  readonly #progress = new ReplaySubject<TaskProgress>(1);
  readonly #subscriptions: Subscription[] = [];
  #present: PartStates;
  #hello: (FromArm & { readonly kind: "hello" }) | null = null;
  #task: RunningTask | null = null;
  #tasks = 0;
  #chunkCount = 0;

  constructor(parts: BackendParts) {
    this.#parts = parts;
    const { link, cameras, policy, clock, standing } = parts;
    this.#present = {
      link: { kind: "disconnected", since: clock.now(), reason: "not connected yet" },
      report: null,
      cameras: [],
      policy: { kind: "loading", stage: "starting" },
      policySince: clock.now(),
      unmeasured: unmeasured(standing, null),
      calibration: null,
      audit: null,
      recording: null,
    };
    const arm = reportsOf(link).pipe(shareReplay({ bufferSize: 1, refCount: false }));
    const dated = policy.status.pipe(map((status): [PolicyStatus, number] => [status, clock.now()]));
    const states = combineLatest({
      link: link.status,
      report: arm.pipe(startWith<ArmReport | null>(null)),
      cameras: cameras.faults,
      policy: dated,
      hello: link.messages.pipe(
        filter((message) => message.kind === "hello"),
        startWith(null),
      ),
      calibration: parts.calibration,
      audit: parts.audit,
      recording: parts.recording,
    }).pipe(
      map(
        ({ link, report, cameras, policy: [status, since], hello, calibration, audit, recording }): PartStates => ({
          ...{ link, cameras, policy: status, policySince: since, calibration, audit, recording },
          unmeasured: unmeasured(standing, link.kind === "connected" ? (hello?.arm ?? null) : null),
          // What was said before the link went down says nothing of now.
          report: link.kind === "connected" ? report : null,
        }),
      ),
    );
    const faults = new BehaviorSubject(presentFaults(this.#present));
    this.#subscriptions.push(
      states.subscribe((present) => {
        this.#present = present;
        const now = presentFaults(present);
        if (JSON.stringify(now) !== JSON.stringify(faults.value)) {
          faults.next(now);
        }
      }),
      link.messages.subscribe((message) => {
        if (message.kind === "hello") {
          this.#hello = message;
        } else if (message.kind === "takeover") {
          this.#takenOver();
        }
      }),
    );
    this.streams = {
      arm,
      reasoning: this.#reasoning.asObservable(),
      chunks: this.#chunks.asObservable(),
      faults: faults.asObservable(),
      progress: this.#progress.asObservable(),
    };
    this.commands = {
      stop: (by, reason) => {
        link.send({ kind: "stop", by, reason });
        this.#task?.cancelled.next(`stopped by ${by}: ${reason}`);
      },
      request: (request, lease) => this.#request(request, lease),
      task: (request, lease) => this.#requestTask(request, lease),
      beat: (lease, role, held) => {
        link.send({ kind: "operator-beat", lease, role, held });
      },
      allowUnattended: (allowed, by) => {
        link.send({ kind: "allow-unattended", allowed, by });
      },
      operatorGone: (reason) => {
        link.send({ kind: "operator-gone", reason });
        this.#task?.cancelled.next(`nobody is in control: ${reason}`);
      },
    };
  }

  status(): ReturnType<OperatorBackend["status"]> {
    const { policy, link } = this.#present;
    const reasons = reasonsNotReady(this.#present);
    const hello = link.kind === "connected" ? this.#hello : null;
    return {
      ready: reasons.length === 0,
      reasons,
      arm: hello === null ? null : { identity: hello.arm, scheduling: hello.scheduling, periodMs: hello.periodMs },
      policy: policy.kind === "ready" ? policy.description : null,
      limits: this.#parts.limits,
    };
  }

  jpeg(role: Parameters<Cameras["jpeg"]>[0]): Promise<Uint8Array> {
    return this.#parts.cameras.jpeg(role);
  }

  /** Ends the running task, if there is one, and lets the arm hold. */
  async close(reason: string): Promise<void> {
    await this.#end(reason);
    for (const subscription of this.#subscriptions) {
      subscription.unsubscribe();
    }
  }

  /** A task waits: `resume` has it look anew and go on from where the arm is then. A replay has no way to go on. */
  #takenOver(): void {
    if (this.#task?.pausable === false) {
      this.#task.cancelled.next("the leader arm took over");
    } else {
      this.#task?.paused.next(true);
    }
  }

  async #end(reason: string): Promise<void> {
    this.#task?.cancelled.next(reason);
    await this.#task?.ended;
  }

  async #request(request: ArmRequest, lease: number): Promise<Outcome> {
    const { link } = this.#parts;
    // A task that waits for the leader that took over goes on waiting when the arm is taken from it.
    const waits = request.kind === "hold" && this.#task?.paused.value === true;
    if (request.kind === "home" || request.kind === "disengage" || (request.kind === "hold" && !waits)) {
      await this.#end(`the operator asked to ${request.kind}`);
    }
    if (request.kind === "home") {
      const failure = await firstValueFrom(toHold(link, lease), { defaultValue: null });
      if (failure !== null) {
        return refused(failure.reason);
      }
    }
    if (request.kind === "teleop" && this.#present.report?.mode === "standby") {
      const failure = await firstValueFrom(toHold(link, lease), { defaultValue: null });
      if (failure !== null) {
        return refused(failure.reason);
      }
    }
    const result = await firstValueFrom(link.request(request, lease));
    return result.ok ? { kind: "done", detail: result.reason } : refused(result.reason);
  }

  async #requestTask(request: TaskRequest, lease: number): Promise<Outcome> {
    switch (request.kind) {
      case "instruct":
        return this.#instruct(request, lease);
      case "record":
        return this.#parts.record(request);
      case "pause":
      case "resume":
        if (this.#task === null) {
          return refused("There is no task.");
        }
        if (!this.#task.pausable) {
          return refused("A replay cannot be paused.", "Stop it or ask to go home, and replay it anew.");
        }
        this.#task.paused.next(request.kind === "pause");
        return { kind: "done", detail: "" };
      case "replay":
        return this.#replay(request.episode, lease);
      default:
        return request satisfies never;
    }
  }

  async #replay(episode: string, lease: number): Promise<Outcome> {
    const { link, clock, replays } = this.#parts;
    const { report, audit } = this.#present;
    const inTheWay = cannotMove(report);
    if (inTheWay !== null) {
      return inTheWay;
    }
    // As of an instruction, but for cameras and policy, which have no part in it.
    const wrong = this.#present.unmeasured ?? audit?.detail ?? null;
    if (wrong !== null) {
      return refused(wrong);
    }
    const found = findEpisode(replays, episode);
    if ("reason" in found) {
      return refused(found.reason, "See: kinevla record list");
    }
    await this.#end("a replay was asked for");
    const ports = { link, clock, nextChunkId: () => this.#nextChunkId() };
    const here = { arm: this.#hello?.arm ?? "", commanded: () => this.#present.report?.commanded ?? null };
    this.#run(`replay of ${episode}`, { episode, length: null, differences: null }, ({ cancelled }, advance) =>
      replayEpisode(ports, replays, { ...here, ...found, episode, lease, cancelled }, advance),
    );
    return { kind: "done", detail: "" };
  }

  async #instruct(request: Extract<TaskRequest, { kind: "instruct" }>, lease: number): Promise<Outcome> {
    const { policy, cameras } = this.#present;
    const camera = cameras[0];
    const unfit = unfitness(policy);
    if (unfit !== null) {
      return refused(unfit);
    }
    if (camera !== undefined) {
      return refused(`${camera.role} camera: ${camera.detail}`);
    }
    const inTheWay = cannotMove(this.#present.report);
    if (inTheWay !== null) {
      return inTheWay;
    }
    await this.#end("another instruction came");
    this.#start(request, lease);
    return { kind: "done", detail: "" };
  }

  #start({ instruction, homeFirst }: Extract<TaskRequest, { kind: "instruct" }>, lease: number): void {
    const { link, cameras, policy, clock, rules, reasoning, longestTask } = this.#parts;
    const barred = (): Observable<string | null> => defer(() => policyBarred(this.#present.calibration, policy));
    const ports: TaskPorts = { link, cameras, policy, clock, barred, nextChunkId: () => this.#nextChunkId() };
    const task = { instruction, homeFirst, lease, rules, reasoning, longest: longestTask };
    this.#run(instruction, null, (signals, advance) =>
      tellTask(runTask(ports, task, signals), {
        understood: (understanding) => this.#reasoning.next(understanding),
        chunk: (chunk) => this.#chunks.next(chunk),
        advance,
      }),
    );
  }

  /** Runs a task and publishes its progress; `replay` is null for an instruction. */
  #run(
    instruction: string,
    replay: ReplayProgress | null,
    task: (signals: TaskSignals, advance: Advance) => Observable<never>,
  ): void {
    const { clock } = this.#parts;
    const paused = new BehaviorSubject(false);
    const cancelled = new ReplaySubject<string>(1);
    this.#tasks += 1;
    let progress: TaskProgress = {
      ...{ id: this.#tasks, instruction, replay, phase: "thinking", detail: "", chunks: 0 },
      ...{ startedAt: clock.now(), changedAt: clock.now() },
    };
    const advance: Advance = (change) => {
      progress = { ...progress, ...change, changedAt: clock.now() };
      this.#progress.next(progress);
    };
    const ended = firstValueFrom(concat(task({ paused, cancelled }, advance), [undefined]));
    const running: RunningTask = { paused, cancelled, ended, pausable: replay === null };
    this.#task = running;
    void ended.then(() => {
      if (this.#task === running) {
        this.#task = null;
      }
    });
  }

  #nextChunkId(): number {
    this.#chunkCount += 1;
    return this.#chunkCount;
  }
}
