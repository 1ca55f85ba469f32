import { armFault } from "../guard/arm-fault.js";
import { isMoving } from "../modes/mode-machine.js";
import type { ToArm } from "../types/arm-link.js";
import type { ArmState } from "../types/arm-state.js";
import type { Chunk } from "../types/chunk.js";
import type { Mode } from "../types/mode.js";
import type { PuppetIdentity, PuppetSample } from "../types/puppet.js";
import type { Resources } from "../types/resources.js";
import type { Instant } from "../types/units.js";
import { bars } from "../watch/finding.js";
import { ArmReporter } from "./arm-reporter.js";
import { ArmWatch } from "./arm-watch.js";
import type { Authority } from "./authority.js";
import { ChunkIntake, type Taken } from "./chunk-intake.js";
import { Ladder } from "./ladder.js";
import { type Admission, Mandate } from "./mandate.js";
import type { MotionStream } from "./motion-stream.js";
import { Reactions } from "./reactions.js";
import { SetpointSender } from "./setpoint-sender.js";
import { Starting } from "./starting.js";
import { STOP_HINT, type StopCode } from "./stop-codes.js";
import { StopLog } from "./stop-log.js";
import { Stopping } from "./stopping.js";
import { StreamPauses } from "./stream-pauses.js";
import type { SupervisorOptions } from "./supervisor-options.js";
import type { Teleoperation } from "./teleoperation.js";
import { Ticking } from "./ticking.js";

// Interlocks: AR-17, ML-02, OP-13.

/**
 * Hears everything and has the parts of this folder act on it. Every method takes the present instant, so that nothing here
 * needs a clock or a timer.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #mandate: Mandate;
  readonly #sender: SetpointSender;
  readonly #intake: ChunkIntake;
  readonly #watch: ArmWatch;
  readonly #reporter: ArmReporter;
  readonly #stopping: Stopping;
  readonly #starting: Starting;
  readonly #ticking: Ticking;
  readonly #reactions: Reactions;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const mandate = new Mandate(options, {
      fault: () => this.fault,
      otherFault: () => this.#faultBut("outside-limits"),
      still: () => this.#stream?.still ?? (this.mode !== "fault" || this.#watch.stands),
      held: (now) => this.#stream === null || now >= this.#sender.heldUntil,
    });
    const sender = new SetpointSender(options);
    const intake = new ChunkIntake(options.limits);
    const pauses = new StreamPauses(options.limits.mostAge.stream);
    const watch = new ArmWatch(options.limits, options.period);
    const ladder = new Ladder(options.limits.watch.slow, options.onFinding);
    const stops = new StopLog((stop, flight) => {
      options.tell({ kind: "stopped", stop });
      options.onStop(stop, flight);
    });
    const reporter = new ArmReporter(options, { mandate, sender, stops, ladder });
    const stopping = new Stopping(options, { mandate, sender, intake, watch, stops, reporter });
    this.#starting = new Starting(options, { mandate, sender, pauses, intake, watch, stops, reporter, stopping });
    this.#reactions = new Reactions({ mandate, sender, watch, ladder, stopping });
    this.#ticking = new Ticking(options, {
      ...{ mandate, sender, pauses, intake, watch, stops, reporter, stopping },
      ...{ starting: this.#starting, reactions: this.#reactions },
    });
    this.#mandate = mandate;
    this.#sender = sender;
    this.#intake = intake;
    this.#watch = watch;
    this.#reporter = reporter;
    this.#stopping = stopping;
  }

  get mode(): Mode {
    return this.#mandate.mode;
  }

  get #authority(): Authority {
    return this.#mandate.authority;
  }

  get #teleoperation(): Teleoperation {
    return this.#mandate.teleoperation;
  }

  get #stream(): MotionStream | null {
    return this.#sender.stream;
  }

  /** True while setpoints are streamed. */
  get engaged(): boolean {
    return this.#mandate.engaged;
  }

  /** What keeps the arm from being engaged and what to do, in words: its own fault, or what is found of it. null for nothing. */
  get fault(): string | null {
    return this.#faultBut(null);
  }

  #faultBut(but: StopCode | null): string | null {
    const barring = this.#watch.findings.find((finding) => bars(finding) && finding.code !== but);
    const found = this.#stopping.latching ?? barring ?? null;
    return this.#authority.fault?.detail ?? (found === null ? null : `${found.detail}. ${STOP_HINT[found.code]}`);
  }

  /** Whoever has this lease may acknowledge what is latched. */
  mayAcknowledge(lease: number): boolean {
    return this.#mandate.mayAcknowledge(lease);
  }

  /** The arm has been free of faults for long enough to acknowledge. */
  isSettled(now: Instant): boolean {
    return this.#authority.isSettled(now);
  }

  /** One tick of the stream, due at `dueAt`, running at `now`. */
  tick(dueAt: Instant, now: Instant): void {
    this.#ticking.tick(dueAt, now);
  }

  /** Handles a message of the daemon. */
  handle(message: ToArm, now: Instant): void {
    switch (message.kind) {
      case "stop":
        this.stop("operator-stop", `${message.by}: ${message.reason}`, now);
        break;
      case "operator-beat":
        this.#beat(message, now);
        break;
      case "operator-gone":
        this.#authority.operatorGone();
        this.#stopping.leaveBy({ kind: "operator-gone" }, "operator-gone", message.reason, now);
        break;
      case "allow-unattended":
        this.#authority.allowUnattended(message.allowed, now);
        this.report(now);
        break;
      case "chunk":
        this.#takeChunk(message.chunk, now);
        break;
      case "request":
        this.#request(message, now);
        break;
      case "pictures":
        this.#watch.pictures(message.capturedAt, now);
        break;
      case "unfamiliar":
        this.#reactions.misfit(message.detail, now);
        break;
      case "no-chunk":
        this.garbage(now);
        break;
      case "resources":
        this.#watch.used("daemon", message.used, now);
        break;
    }
  }

  /** The daemon's connection ended: nobody is in control any more. */
  daemonLost(now: Instant): void {
    this.#authority.operatorGone();
    this.#authority.allowUnattended(false, now);
    this.#intake.forget();
    this.#watch.used("daemon", null, now);
    this.#stopping.leaveBy({ kind: "daemon-lost" }, "daemon-lost", "its connection ended", now);
  }

  /** The link to the arm is up, and its state arrives. */
  linkUp(state: ArmState, now: Instant): void {
    this.#sender.forgetGripper();
    this.armState(state, now);
    this.#mandate.take({ kind: "link-up" }, now);
    if (state.link.restarted !== null) {
      // Whatever was known of it may not hold any more: somebody has to look at the arm first.
      this.stop("controller-restarted", state.link.restarted, now);
    }
  }

  /** The link to the arm is gone; it comes back standing by, never moving. */
  linkLost(detail: string, now: Instant): void {
    this.#stopping.linkLost(detail, now, "link-lost");
  }

  /** A new report of the arm. A fault stops and latches at once, even if the next report no longer shows it. */
  armState(state: ArmState, now: Instant): void {
    if (this.#watch.report(state, this.mode, now)) {
      this.#authority.armReported(state);
    }
    const fault = armFault(state);
    if (fault !== null) {
      this.#stopping.armAtFault(fault, now);
    }
    this.#reactions.react(now);
  }

  /** A leader arm has come. */
  leaderHello(leader: PuppetIdentity, now: Instant): void {
    this.#stopping.leaveBy({ kind: "leader-gone" }, "leader-lost", "another leader came", now);
    this.#teleoperation.hello(leader, now);
  }

  /** The leader arm was read. */
  leaderSample(sample: PuppetSample, now: Instant): void {
    const near = this.#stream?.commanded ?? this.#authority.arm?.measured;
    if (near === undefined || !this.#teleoperation.read(sample, near, now)) {
      return;
    }
    this.#reporter.read(sample);
    const held = sample.button;
    if (held !== this.#mandate.state.gripHeld) {
      this.#stopping.leaveBy({ kind: "grip", held }, "leader-released", "the puppet's button was let go", now);
    }
    this.#reactions.react(now);
  }

  /** The leader arm is away. */
  leaderGone(detail: string, now: Instant): void {
    this.#teleoperation.gone(detail);
    this.#stopping.leaveBy({ kind: "leader-gone" }, "leader-lost", detail, now);
  }

  /** Something came as a chunk that is none. */
  garbage(now: Instant): void {
    this.#reactions.act(this.#intake.garbage(now), now);
  }

  /** The cell's enabling switch or guard has opened or closed. An open one stops whatever is streamed, and latches. */
  cellSwitched(closed: boolean, now: Instant): void {
    this.#authority.cellSwitched(closed, now);
    if (!closed && this.engaged) {
      this.stop("cell-open", "the enabling switch or guard of the cell is open", now);
    }
  }

  /** What this process uses; judged in the next tick. */
  used(used: Resources, now: Instant): void {
    this.#watch.used("arm process", used, now);
  }

  /** The guardian is alive and connected to the arm. */
  guardianBeat(now: Instant): void {
    this.#authority.guardianSeen(now);
  }

  /** Stops the arm at once and latches; the stop is the next thing on the wire and nothing follows it. */
  stop(code: StopCode, detail: string, now: Instant): void {
    this.#stopping.stop(code, detail, now);
  }

  /** Comes to rest from whatever motion there is, then ends the stream. */
  shutDown(now: Instant): void {
    this.#stopping.leaveMotion("shut-down", "asked to end", now);
    this.#sender.endSoon(now);
  }

  /** Sends a report of the present state. */
  report(now: Instant): void {
    this.#reporter.report(now);
  }

  #beat({ lease, role, held }: ToArm & { readonly kind: "operator-beat" }, now: Instant): void {
    const before = this.#mandate.state;
    const wasMoving = isMoving(before.mode);
    const { taken, state } = this.#mandate.take({ kind: "beat", lease, role, held }, now);
    if (!taken) {
      return;
    }
    this.#authority.operatorSeen(now);
    if (wasMoving && !isMoving(state.mode)) {
      if (state.fence > before.fence) {
        this.#stopping.rampDown("operator-changed", `lease ${lease} took over`, now);
      } else {
        this.#stopping.rampDown("deadman-released", "hold-to-run was let go", now);
      }
    }
  }

  #takeChunk(chunk: Chunk, now: Instant): void {
    const { refusal, finding } = this.#followChunk(chunk, now);
    const reason = refusal === null ? "" : `${refusal.code}: ${refusal.detail}`;
    this.#options.tell({ kind: "chunk-result", id: chunk.id, accepted: refusal === null, reason, receivedAt: now });
    this.#reactions.act(finding, now);
  }

  #followChunk(chunk: Chunk, now: Instant): Taken {
    const stream = this.#stream;
    if (this.mode !== "policy" || stream === null) {
      const detail = `chunks are followed in mode policy, and the mode is ${this.mode}`;
      return { refusal: { code: "mode", detail }, finding: null };
    }
    return this.#intake.take(chunk, stream, this.#mandate.epoch, this.#sender.heldUntil, now);
  }

  #request({ id, lease, request }: ToArm & { readonly kind: "request" }, now: Instant): void {
    const admission: Admission = this.#starting.request(request, lease, now);
    const reason = admission.ok ? "" : admission.reason;
    this.#options.tell({ kind: "result", id, ok: admission.ok, reason, epoch: this.#mandate.epoch });
    this.report(now);
  }
}
