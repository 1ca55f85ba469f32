import { type ChildProcess, fork } from "node:child_process";
import { BehaviorSubject, defer, Observable, type Subscriber } from "rxjs";
import type { Inference, InferenceRequest, Policy, PolicyStatus } from "../../daemon/ports/policy.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { Seconds } from "../../daemon/types/units.js";
import { BundleSeal } from "../bundle/bundle-seal.js";
import { inferenceFlaw } from "./inference-flaw.js";
import { type FromPolicyProcess, isFromPolicyProcess, type LoadRequest, type ToPolicyProcess } from "./messages.js";
import { PolicyError } from "./policy-error.js";

/** How the policy process runs. */
export interface PolicyProcessOptions extends LoadRequest {
  /** Longest time for an inference with forced text; then the process is killed and started again. */
  readonly deadline: Seconds;
  /** Longest time for an inference that generates its text. */
  readonly textDeadline: Seconds;
  /** Longest time for loading and checking the bundle. */
  readonly loadDeadline: Seconds;
}

/** Deaths without one answer between them after which it is not started again. */
const MAXIMUM_DEATHS = 5;

/** First wait before starting again, doubled with each death in a row, s. */
const FIRST_BACK_OFF = 0.1;

/** Time a closed process gets to leave by itself, s. */
const CLOSING_TIME = 0.5;

/** Starts the policy process and keeps it running; the port's errors are PolicyError. */
export function createPolicyProcess(options: PolicyProcessOptions): Policy {
  return new PolicyProcess(options);
}

/** An inference that the child works on; without a subscriber it was abandoned and only its end is awaited. */
interface Pending {
  readonly id: number;
  readonly request: InferenceRequest;
  subscriber: Subscriber<Inference> | null;
}

class PolicyProcess implements Policy {
  readonly status: Observable<PolicyStatus>;
  readonly #options: PolicyProcessOptions;
  readonly #seal: BundleSeal;
  readonly #status = new BehaviorSubject<PolicyStatus>({ kind: "loading", stage: "starting" });
  #child: ChildProcess | null = null;
  /** Children that have not ended yet, the present one and those given up. */
  readonly #alive = new Map<ChildProcess, Promise<void>>();
  /** Ends the child when the present load or inference takes too long. */
  #watchdog: NodeJS.Timeout | null = null;
  #restart: NodeJS.Timeout | null = null;
  /** In the child's hands. */
  #running: Pending | null = null;
  /** Waits for an abandoned inference to end. */
  #next: Pending | null = null;
  #deaths = 0;
  /** Steps of a chunk of the loaded bundle. */
  #horizon = 0;
  #lastId = 0;
  #closed = false;

  constructor(options: PolicyProcessOptions) {
    this.#options = options;
    this.#seal = new BundleSeal(options.bundle, options.manifest);
    // So that the first start of motion finds it done.
    void this.#seal.broken();
    this.status = this.#status.asObservable();
    this.#start();
  }

  infer(request: InferenceRequest): Observable<Inference> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.error(new PolicyError("closed", "The policy process was closed"));
        return;
      }
      const status = this.#status.value;
      if (status.kind !== "ready") {
        const why = status.kind === "failed" ? status.reason : "it is loading";
        subscriber.error(new PolicyError("not-ready", `The policy cannot infer: ${why}`));
        return;
      }
      if (this.#next !== null || (this.#running !== null && this.#running.subscriber !== null)) {
        subscriber.error(new PolicyError("busy", "The policy is still at the inference before"));
        return;
      }
      this.#lastId += 1;
      const pending: Pending = { id: this.#lastId, request, subscriber };
      this.#next = pending;
      this.#sendNext();
      return () => {
        pending.subscriber = null;
        if (this.#next === pending) {
          this.#next = null;
        }
      };
    });
  }

  altered(): Observable<string | null> {
    return defer(() => this.#seal.broken());
  }

  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#clearTimers();
    this.#abandon(new PolicyError("closed", "The policy process was closed"));
    this.#status.complete();
    for (const child of this.#alive.keys()) {
      if (child.connected) {
        child.disconnect();
      }
    }
    const impatience = setTimeout(() => {
      for (const child of this.#alive.keys()) {
        child.kill("SIGKILL");
      }
    }, CLOSING_TIME * 1000);
    await Promise.all(this.#alive.values());
    clearTimeout(impatience);
  }

  #start(): void {
    this.#restart = null;
    const { bundle, manifest, provider, fallback, threads, home, loadDeadline } = this.#options;
    const child = fork(projectPath("dist", "models", "policy", "process.js"), [], {
      serialization: "advanced",
      // Neither the debugger port nor the test flags of this process are the child's.
      execArgv: [],
      // ONNX Runtime 1.30 otherwise keeps a database of its use in the home folder and sends it to its makers.
      env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child = child;
    this.#alive.set(child, this.#endOf(child));
    child.on("message", (message: unknown) => {
      if (child === this.#child && isFromPolicyProcess(message)) {
        this.#take(message);
      }
    });
    child.on("error", (error) => this.#died(child, `could not be started or reached (${error.message})`));
    child.on("exit", (code, signal) => this.#died(child, `ended with ${signal ?? `code ${code}`}`));
    this.#send({ kind: "load", request: { bundle, manifest, provider, fallback, threads, home } });
    this.#watch(loadDeadline, `took more than ${loadDeadline} s to load`);
  }

  async #endOf(child: ChildProcess): Promise<void> {
    await new Promise<void>((resolve) => {
      child.once("exit", resolve);
      child.once("error", () => child.pid === undefined && resolve());
    });
    this.#alive.delete(child);
  }

  #take(message: FromPolicyProcess): void {
    switch (message.kind) {
      case "stage":
        this.#status.next({ kind: "loading", stage: message.stage });
        return;
      case "ready": {
        this.#stopWatch();
        const { description, latencyP95, notice } = message;
        this.#horizon = description.horizon;
        const ready = { kind: "ready", description, latencyP95 } as const;
        this.#status.next(notice === null ? ready : { ...ready, notice });
        return;
      }
      case "unusable":
        this.#stopWatch();
        // It ends by itself; another one would find the same.
        this.#child = null;
        this.#status.next({ kind: "failed", reason: message.reason });
        return;
      case "inferred":
      case "failed":
        this.#answer(message);
        return;
    }
    message satisfies never;
  }

  #answer(message: Extract<FromPolicyProcess, { readonly id: number }>): void {
    const pending = this.#running;
    if (pending === null || pending.id !== message.id) {
      return;
    }
    this.#stopWatch();
    this.#running = null;
    this.#deaths = 0;
    const subscriber = pending.subscriber;
    const flaw = message.kind === "inferred" ? inferenceFlaw(message.inference, this.#horizon) : null;
    if (message.kind === "failed") {
      subscriber?.error(new PolicyError(message.failure.code, message.failure.detail));
    } else if (flaw !== null) {
      subscriber?.error(new PolicyError("bad-answer", `The policy process sent a chunk that is none: ${flaw}`));
    } else {
      subscriber?.next(message.inference);
      subscriber?.complete();
    }
    this.#sendNext();
  }

  #sendNext(): void {
    const pending = this.#next;
    if (pending === null || this.#running !== null) {
      return;
    }
    this.#next = null;
    this.#running = pending;
    this.#send({ kind: "infer", id: pending.id, request: pending.request });
    const deadline = pending.request.text.kind === "forced" ? this.#options.deadline : this.#options.textDeadline;
    this.#watch(deadline, `missed its deadline of ${deadline} s`);
  }

  #send(message: ToPolicyProcess): void {
    const child = this.#child;
    // A broken channel is reported by the child's `exit`; there is nothing to do about it here.
    child?.send(message, () => {});
  }

  #watch(deadline: Seconds, what: string): void {
    this.#stopWatch();
    this.#watchdog = setTimeout(() => {
      const child = this.#child;
      if (child === null) {
        return;
      }
      // A run cannot be cancelled; nothing in the child needs saving.
      child.kill("SIGKILL");
      this.#died(child, what, "deadline-missed");
    }, deadline * 1000);
  }

  #stopWatch(): void {
    if (this.#watchdog !== null) {
      clearTimeout(this.#watchdog);
      this.#watchdog = null;
    }
  }

  #clearTimers(): void {
    this.#stopWatch();
    if (this.#restart !== null) {
      clearTimeout(this.#restart);
      this.#restart = null;
    }
  }

  /** The child is gone or given up: errors to whoever waits, then another child. */
  #died(child: ChildProcess, how: string, code: "process-died" | "deadline-missed" = "process-died"): void {
    if (child !== this.#child || this.#closed) {
      return;
    }
    this.#child = null;
    this.#stopWatch();
    this.#deaths += 1;
    const reason = `The policy process ${how}`;
    if (this.#deaths >= MAXIMUM_DEATHS) {
      this.#status.next({ kind: "failed", reason: `${reason}, ${this.#deaths} times in a row. Restart the daemon.` });
    } else {
      this.#status.next({ kind: "loading", stage: `starting again: ${reason}` });
      this.#restart = setTimeout(() => this.#start(), FIRST_BACK_OFF * 2 ** (this.#deaths - 1) * 1000);
    }
    this.#abandon(new PolicyError(code, reason));
  }

  #abandon(error: PolicyError): void {
    const waiting = [this.#running, this.#next];
    this.#running = null;
    this.#next = null;
    for (const pending of waiting) {
      pending?.subscriber?.error(error);
    }
  }
}
