import { BehaviorSubject, ReplaySubject } from "rxjs";
import type { AuditEntry } from "../../daemon/audit/audit-chain.js";
import type {
  OperatorBackend,
  OperatorCommands,
  OperatorStreams,
  Outcome,
  SystemStatus,
  TaskProgress,
  TaskRequest,
} from "../../daemon/operator/backend.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { ChunkReport, Fault, Understanding } from "../../daemon/ports/task-news.js";
import type { ArmReport, ArmRequest } from "../../daemon/types/arm-link.js";
import type { Role } from "../../daemon/types/role.js";
import { jointPosition } from "../../daemon/types/units.js";

/** Instructions that the fake policy was trained on. */
export const INSTRUCTIONS = [
  "pick up the bread and move it to the left front",
  "pick up the bread and move it to the right front",
  "pick up the bread and move it to the front",
];

const HOME = jointPosition([0, -0.35, 0, 1.66, 0, 1.83, 0]);

/** A calm arm. */
export function calmReport(change: Partial<ArmReport> = {}): ArmReport {
  return {
    at: hostClock.now(),
    mode: "hold",
    epoch: 1,
    source: "hold",
    holdToRun: "not-needed",
    measured: HOME,
    measuredAge: 0.004,
    commanded: HOME,
    reference: HOME,
    gripper: { commanded: 1, measured: 1, receivedAt: 0 },
    teleop: null,
    pendingTargets: 0,
    stops: [],
    notices: [],
    armStatus: "idle",
    stream: { ticks: 1000, lateTicks: 0, skippedTicks: 0, refusals: 0, latenessP99Ms: 0.2, latenessMaxMs: 0.6 },
    ...change,
  };
}

/** One call that the server made. */
export type Call =
  | { readonly kind: "stop"; readonly by: string; readonly reason: string }
  | { readonly kind: "request"; readonly request: ArmRequest; readonly lease: number }
  | { readonly kind: "task"; readonly task: TaskRequest; readonly lease: number }
  | { readonly kind: "beat"; readonly lease: number; readonly role: Role; readonly held: boolean }
  | { readonly kind: "allow-unattended"; readonly allowed: boolean; readonly by: string }
  | { readonly kind: "operator-gone"; readonly reason: string };

/** A daemon that only remembers what it was asked and says what the test tells it to. */
export class FakeBackend implements OperatorBackend {
  readonly calls: Call[] = [];
  readonly arm = new BehaviorSubject<ArmReport>(calmReport());
  readonly reasoning = new ReplaySubject<Understanding>(1);
  readonly chunks = new ReplaySubject<ChunkReport>(1);
  readonly faults = new BehaviorSubject<readonly Fault[]>([]);
  readonly progress = new ReplaySubject<TaskProgress>(1);
  readonly streams: OperatorStreams = this;
  ready = true;
  reasons: readonly string[] = [];
  /** What the next requests are answered. */
  onRequest: (request: ArmRequest) => Promise<Outcome> = async () => ({ kind: "done", detail: "under way" });
  onTask: (task: TaskRequest) => Promise<Outcome> = async () => ({ kind: "done", detail: "under way" });
  onCall: (call: Call) => void = () => undefined;
  picture: Uint8Array | null = Uint8Array.from([0xff, 0xd8, 0xff, 0xd9]);
  /** What the server recorded. */
  readonly audit: AuditEntry[] = [];
  #taskId = 0;

  readonly commands: OperatorCommands = {
    stop: (by, reason) => this.#note({ kind: "stop", by, reason }),
    request: (request, lease) => {
      this.#note({ kind: "request", request, lease });
      return this.onRequest(request);
    },
    task: (task, lease) => {
      this.#note({ kind: "task", task, lease });
      return this.onTask(task);
    },
    beat: (lease, role, held) => this.#note({ kind: "beat", lease, role, held }),
    allowUnattended: (allowed, by) => this.#note({ kind: "allow-unattended", allowed, by }),
    operatorGone: (reason) => this.#note({ kind: "operator-gone", reason }),
  };

  status(): SystemStatus {
    return {
      ready: this.ready,
      reasons: this.reasons,
      arm: { identity: "RM75-B, firmware 1.7.0", scheduling: "FIFO 80", periodMs: 10 },
      policy: {
        bundleId: "table7-v3",
        horizon: 5,
        period: 0.1,
        imageSize: 96,
        provider: "cpu",
        instructions: INSTRUCTIONS,
      },
      limits: {
        minimum: [-3.05, -2.21, -3.05, -2.3, -3.05, -2.18, -3.05],
        maximum: [3.05, 2.21, 3.05, 2.3, 3.05, 2.18, 3.05],
      },
    };
  }

  jpeg(): Promise<Uint8Array> {
    return this.picture === null ? Promise.reject(new Error("no picture yet")) : Promise.resolve(this.picture);
  }

  count(kind: Call["kind"]): number {
    return this.calls.filter((call) => call.kind === kind).length;
  }

  /** Says how far a new task is. */
  task(phase: TaskProgress["phase"], detail: string, chunks: number, instruction = INSTRUCTIONS[0] ?? ""): void {
    const now = hostClock.now();
    const times = { startedAt: now - 1, changedAt: now };
    this.progress.next({ id: this.#taskId, instruction, phase, detail, ...times, chunks, replay: null });
  }

  /** Says how far a replay is. */
  replay(phase: TaskProgress["phase"], detail: string, replay: NonNullable<TaskProgress["replay"]>): void {
    const now = hostClock.now();
    const task = { id: this.#taskId, instruction: `replay of ${replay.episode}`, phase, detail, chunks: 0 };
    this.progress.next({ ...task, startedAt: now - 1, changedAt: now, replay });
  }

  startTask(): void {
    this.#taskId += 1;
  }

  understood(instruction = INSTRUCTIONS[0] ?? ""): void {
    this.reasoning.next({
      instruction,
      coarse: "move the bread",
      fine: "Robot Action: Trajectory Shape - To the left front; Ordinal Relations - Pick first, then move. Object Targeting: Target Object - The bread.",
      generatedAt: hostClock.now(),
      fresh: true,
    });
  }

  chunk(id: number, change: Partial<ChunkReport> = {}): void {
    this.chunks.next({
      id,
      epoch: 1,
      capturedAt: hostClock.now() - 0.12,
      period: 0.1,
      steps: 5,
      accepted: true,
      reason: "",
      forced: id > 1,
      tokens: { coarse: [3, 7], fine: [12, 1], probability: [0.99, 0.97, 0.91, 0.95] },
      phases: {
        grab: 0.004,
        preprocess: 0.001,
        vision: 0.018,
        prefill: 0.025,
        text: id === 1 ? 0.4 : 0,
        codes: 0.03,
        decode: 0.002,
        handOver: 0.001,
      },
      ...change,
    });
  }

  /** A whole task that ends well, one event a turn of the event loop. */
  async playTask(): Promise<void> {
    this.startTask();
    const steps = [
      () => this.task("homing", "going to the home pose", 0),
      () => this.task("thinking", "reading the instruction", 0),
      () => this.understood(),
      () => this.task("acting", "", 0),
      () => this.chunk(1),
      () => this.understood(),
      () => this.chunk(2),
      () => this.chunk(3, { accepted: false, reason: "older epoch" }),
      () => this.task("finished", "the hand has opened and stands still", 2),
    ];
    for (const step of steps) {
      await new Promise((resolve) => setImmediate(resolve));
      step();
    }
  }

  #note(call: Call): void {
    this.calls.push(call);
    this.onCall(call);
  }
}
