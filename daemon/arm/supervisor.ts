import { armFault } from "../guard/arm-fault.js";
import { freshGuard, type GuardState, guard } from "../guard/guard.js";
import type { Refusal } from "../guard/refusal.js";
import type { Step } from "../modes/follow-rules.js";
import { isEngaged, isMoving, transition, whyNot } from "../modes/mode-machine.js";
import { AT_START, type ModeEvent, type ModeState, type Senses } from "../modes/mode-state.js";
import type { StopKind } from "../ports/arm.js";
import type { ArmReport, ArmRequest, HoldToRun, ToArm } from "../types/arm-link.js";
import type { ArmState } from "../types/arm-state.js";
import type { Chunk } from "../types/chunk.js";
import type { Mode } from "../types/mode.js";
import type { Setpoint } from "../types/setpoint.js";
import { type Instant, jointAt, jointPosition, type Seconds } from "../types/units.js";
import { type Finding, latches } from "../watch/finding.js";
import { Acknowledgement } from "./acknowledgement.js";
import { ArmWatch } from "./arm-watch.js";
import { Authority } from "./authority.js";
import { ChunkIntake, type Taken } from "./chunk-intake.js";
import { type GripperCommand, gripperCommand } from "./gripper-dwell.js";
import { Ladder } from "./ladder.js";
import { MotionStream } from "./motion-stream.js";
import type { StopCode } from "./stop-codes.js";
import { StopLog } from "./stop-log.js";
import type { SupervisorOptions } from "./supervisor-options.js";

// Interlocks: ML-02, OP-13, PO-09.

/** The vendor's practice: the pose is held this long before and after a stream. */
const HOLD_AROUND: Seconds = 0.3;
/** A link without state for this long is reset (AR-09). */
const LINK_DEAD: Seconds = 0.5;
/** A pause of the whole machine up to this long is gone on from by itself, from rest (PO-07). */
const SHORT_PAUSE: Seconds = 0.25;
/** After a pause this long nothing is as it was (HO-16). */
const SUSPENDED: Seconds = 1;
/** Reports go to the daemon this often. */
const REPORT_PERIOD: Seconds = 0.02;

/** Nobody knows how the gripper stands: the first wish is always told. */
const UNKNOWN: GripperCommand = { opening: Number.NaN, at: -Infinity };

/** While the arm should stand and does not, it is told to stop this often (AR-16, ML-15). */
const STOP_AGAIN: Seconds = 0.1;

/** A request that was admitted, or why it was not. */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Owns mode, epoch and latch: decides what is streamed and when to stop. Every method takes the present instant, so
 * that nothing here needs a clock or a timer. The only caller of the guard and of `Arm.send`.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #authority: Authority;
  readonly #intake: ChunkIntake;
  readonly #stops: StopLog;
  readonly #watch: ArmWatch;
  readonly #ladder: Ladder;
  readonly #acknowledgement = new Acknowledgement();
  #state: ModeState = AT_START;
  #guard: GuardState;
  #stream: MotionStream | null = null;
  #gripper = UNKNOWN;
  #heldSince: Instant = 0;
  #endsAt: Instant = Infinity;
  #lastTickAt: Instant = -Infinity;
  #reportedAt: Instant = -Infinity;
  #refusals = 0;
  /** Permitted since the last report. */
  #sent: Setpoint[] = [];
  /** A protective stop: the arm comes to rest first, then it is stopped and latched. */
  #latching: Finding | null = null;
  #stoppedAt: Instant = -Infinity;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#authority = new Authority(options.limits.mostAge, options.holdToRun);
    this.#intake = new ChunkIntake(options.limits);
    this.#watch = new ArmWatch(options.limits, options.period);
    this.#ladder = new Ladder(options.limits.watch.slow, options.onFinding);
    this.#guard = freshGuard(options.period, options.limits);
    this.#stops = new StopLog((stop, flight) => {
      options.tell({ kind: "stopped", stop });
      options.onStop(stop, flight);
    });
  }

  get mode(): Mode {
    return this.#state.mode;
  }

  /** True while setpoints are streamed. */
  get engaged(): boolean {
    return isEngaged(this.mode);
  }

  /** What keeps the arm from being engaged, in words: its own fault, or what is found of it. null for nothing. */
  get fault(): string | null {
    const found = this.#watch.findings.find(({ reaction }) => latches(reaction));
    return this.#authority.fault ?? this.#latching?.detail ?? found?.detail ?? null;
  }

  /** The arm has been free of faults for long enough to acknowledge. */
  isSettled(now: Instant): boolean {
    return this.#authority.isSettled(now);
  }

  /** One tick of the stream, due at `dueAt`, running at `now`. */
  tick(dueAt: Instant, now: Instant): void {
    const pause = now - this.#lastTickAt;
    this.#lastTickAt = now;
    this.#judgeTick(pause, now);
    if (this.engaged) {
      if (pause > this.#options.limits.mostAge.stream) {
        // What has arrived meanwhile is read before anything is sent.
        this.#paused(pause, now);
      } else {
        this.#look(now);
        this.#send(dueAt, now);
      }
    }
    if (this.#authority.arm !== null && this.#authority.armAge(now) > LINK_DEAD) {
      this.#options.arm.reset();
      this.linkLost(`no state from the arm for ${LINK_DEAD * 1000} ms`, now);
    }
    if (now - this.#reportedAt >= REPORT_PERIOD - this.#options.period / 2) {
      this.report(now);
    }
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
        this.#leaveBy({ kind: "operator-gone" }, "operator-gone", message.reason, now);
        break;
      case "allow-unattended":
        this.#authority.allowUnattended(message.allowed, now);
        this.report(now);
        break;
      case "chunk":
        this.#takeChunk(message.chunk, now);
        break;
      case "request":
        this.#request(message.id, message.lease, message.request, now);
        break;
    }
  }

  /** The daemon's connection ended: nobody is in control any more. */
  daemonLost(now: Instant): void {
    this.#authority.operatorGone();
    this.#authority.allowUnattended(false, now);
    this.#intake.forget();
    this.#leaveBy({ kind: "daemon-lost" }, "daemon-lost", "its connection ended", now);
  }

  /** The link to the arm is up, and its state arrives. */
  linkUp(state: ArmState, now: Instant): void {
    this.#gripper = UNKNOWN;
    this.armState(state, now);
    this.#take({ kind: "link-up" }, now);
  }

  /** The link to the arm is gone; it comes back standing by, never moving. */
  linkLost(detail: string, now: Instant): void {
    if (this.#authority.arm === null) {
      return;
    }
    this.#authority.armGone();
    this.#watch.forget();
    const { engaged } = this;
    if (this.#latching !== null) {
      this.#latch("slow", this.#latching, now);
    }
    this.#endStream();
    if (this.#take({ kind: "link-lost" }, now).taken && engaged) {
      this.#stops.add("link-lost", detail, false, now);
    }
    this.#options.onLinkDead();
  }

  /** A new report of the arm. A fault stops and latches at once, even if the next report no longer shows it. */
  armState(state: ArmState, now: Instant): void {
    if (this.#watch.report(state, this.mode, now)) {
      this.#authority.armReported(state);
    }
    const fault = armFault(state);
    if (fault !== null && this.mode !== "fault") {
      this.stop("arm-fault", fault, now);
    }
    this.#react(now);
  }

  /** Something came as a chunk that is none. */
  garbage(now: Instant): void {
    this.#act(this.#intake.garbage(now), now);
  }

  /** The cell's enabling switch or guard has opened or closed. An open one stops whatever is streamed, and latches. */
  cellSwitched(closed: boolean, now: Instant): void {
    this.#authority.cellSwitched(closed, now);
    if (!closed && this.engaged) {
      this.stop("cell-open", "the enabling switch or guard of the cell is open", now);
    }
  }

  /** The guardian is alive and connected to the arm. */
  guardianBeat(now: Instant): void {
    this.#authority.guardianSeen(now);
  }

  /** Stops the arm at once and latches; the stop is the next thing on the wire and nothing follows it. */
  stop(code: StopCode, detail: string, now: Instant): void {
    this.#latch("quick", { code, detail }, now);
  }

  /** Acknowledges a latched stop; the caller has cleared the arm's own faults first. */
  acknowledge(lease: number, now: Instant): Admission {
    const admission = this.#admit("acknowledge", lease, now);
    if (admission.ok) {
      this.#guard = freshGuard(this.#options.period, this.#options.limits);
      this.#stops.clear();
      this.report(now);
    }
    return admission;
  }

  /** Comes to rest from whatever motion there is, then ends the stream. */
  shutDown(now: Instant): void {
    this.#leaveMotion("shut-down", "asked to end", now);
    this.#endsAt = now + HOLD_AROUND;
  }

  /** Sends a report of the present state. */
  report(now: Instant): void {
    this.#reportedAt = now;
    this.#options.tell({ kind: "state", state: this.#reportOf(now) });
    if (this.#sent.length > 0) {
      this.#options.tell({ kind: "setpoints", setpoints: this.#sent });
      this.#sent = [];
    }
  }

  #reportOf(now: Instant): ArmReport {
    const { arm } = this.#authority;
    return {
      at: now,
      mode: this.mode,
      epoch: this.#state.epoch,
      source: this.#stream?.source ?? null,
      holdToRun: this.#holdToRun(now),
      measured: arm?.measured ?? null,
      measuredAge: arm === null ? null : this.#authority.armAge(now),
      commanded: this.#stream === null ? (arm?.measured ?? null) : jointPosition(this.#stream.commanded),
      reference: this.#stream === null ? (arm?.measured ?? null) : jointPosition(this.#stream.reference(now).q),
      gripper: this.#options.gripper.state(),
      pendingTargets: this.#stream?.targetsAhead ?? 0,
      stops: this.#stops.stops,
      notices: this.#ladder.notices,
      armStatus: arm?.status ?? "not connected",
      stream: { ...this.#options.counters(), refusals: this.#refusals },
    };
  }

  #judgeTick(pause: Seconds, now: Instant): void {
    const { period, gripper, lateShare } = this.#options;
    const stream = this.#stream;
    this.#watch.tick(
      {
        mode: this.mode,
        stands: this.mode === "fault" || (this.mode === "hold" && stream?.still === true),
        demanded: stream?.demanded ?? null,
        gripper: gripper.health(),
        // After a tick that came late, what has arrived meanwhile is not read yet.
        stateAge: this.#authority.arm === null || pause > 2 * period ? null : this.#authority.armAge(now),
        lateShare: lateShare(),
      },
      now,
    );
    this.#react(now);
  }

  /** Does what is demanded by what is found now, the most severe first. */
  #react(now: Instant): void {
    const { findings } = this.#watch;
    this.#stream?.slowTo(this.#ladder.pace(findings, now));
    this.#act(findings[0] ?? null, now);
  }

  #act(finding: Finding | null, now: Instant): void {
    if (finding === null) {
      return;
    }
    const { reaction, code, detail } = finding;
    if (this.mode === "fault") {
      const moves = code === "moves-unasked" || code === "stop-not-obeyed";
      if (moves && now - this.#stoppedAt >= STOP_AGAIN) {
        this.#stoppedAt = now;
        this.#options.arm.stop("quick");
        this.#stops.once(code, detail, now);
      }
      return;
    }
    if (!this.engaged) {
      return;
    }
    switch (reaction) {
      case "quick-stop":
        this.stop(code, detail, now);
        break;
      case "protective-stop":
        if (this.#latching === null) {
          this.#latching = finding;
          this.#leaveMotion(code, detail, now);
        }
        break;
      case "ramp":
        this.#leaveMotion(code, detail, now);
        break;
      case "slow":
      case "note":
        break;
      default:
        reaction satisfies never;
    }
  }

  #latch(kind: StopKind, { code, detail }: { readonly code: StopCode; readonly detail: string }, now: Instant): void {
    const isFirst = this.mode !== "fault";
    const acknowledgedBy = isFirst ? this.#acknowledgement.roleFor(code, now) : "operator";
    this.#take({ kind: "stop", acknowledgedBy }, now);
    this.#options.arm.stop(kind);
    this.#endStream();
    this.#stoppedAt = now;
    this.#authority.allowUnattended(false, now);
    if (isFirst) {
      this.#watch.stopped(now);
      this.#stops.add(code, detail, true, now);
      this.report(now);
    }
  }

  /** The process was held up: the arm has come to rest at the last frame meanwhile. */
  #paused(pause: Seconds, now: Instant): void {
    const detail = `no tick for ${(pause * 1000).toFixed(0)} ms`;
    this.#stream?.restart(HOLD_AROUND);
    if (pause > SUSPENDED) {
      this.stop("stalled", detail, now);
    } else if (pause > SHORT_PAUSE) {
      this.#leaveMotion("stalled", detail, now);
    }
  }

  /** What ends a motion although nothing was proposed yet. */
  #look(now: Instant): void {
    if (this.#latching !== null && this.#stream?.still === true) {
      this.#latch("slow", this.#latching, now);
    } else if (now >= this.#endsAt && this.#stream?.still === true) {
      this.#take({ kind: "stream-ended" }, now);
      this.#endStream();
      this.report(now);
    } else if (isMoving(this.mode)) {
      const { missing } = this.#take({ kind: "tick" }, now);
      if (missing !== null) {
        const { code, detail } = this.#authority.lost(missing, now);
        this.#rampDown(code, detail, now);
      } else if (this.mode === "policy" && this.#intake.isStarved(now)) {
        this.#leaveMotion("policy-starved", "no usable chunk in time", now);
      }
    }
  }

  #send(dueAt: Instant, now: Instant): void {
    const refusals = this.#propose(dueAt, now);
    const worst = refusals.find((refusal) => refusal.reaction === "quick-stop");
    const first = refusals[0];
    if (first === undefined) {
      return;
    }
    this.#refusals += 1;
    if (worst !== undefined || !isMoving(this.mode)) {
      const refusal = worst ?? first;
      this.stop(refusal.code, refusal.detail, now);
      return;
    }
    this.#leaveMotion(first.code, first.detail, now);
    const again = this.#propose(dueAt, now)[0];
    if (again !== undefined) {
      this.stop(again.code, again.detail, now);
    }
  }

  /** Proposes one setpoint and sends it if the guard permits it; returns why not otherwise. */
  #propose(dueAt: Instant, now: Instant): readonly Refusal[] {
    const stream = this.#stream;
    if (stream === null) {
      return [];
    }
    const { source, q } = stream.propose(dueAt);
    const [next, verdict] = guard(this.#guard, {
      now,
      proposed: { source, q: jointPosition(q), epoch: this.#state.epoch, dueAt },
      mode: this.mode,
      epoch: this.#state.epoch,
      arm: this.#authority.arm,
      operatorSeenAt: this.#authority.operatorSeenAt,
      guardianSeenAt: this.#authority.guardianSeenAt,
    });
    this.#guard = next;
    if (verdict.kind === "refuse") {
      return verdict.refusals;
    }
    this.#options.untilDue(dueAt);
    this.#options.arm.send(verdict.setpoint);
    stream.sent(q);
    this.#sent.push(verdict.setpoint);
    this.#watch.sent(q, now);
    this.#stops.sent(verdict.setpoint, this.#authority.arm);
    this.#afterSending(stream, now);
    return [];
  }

  #afterSending(stream: MotionStream, now: Instant): void {
    if (this.mode === "homing" && stream.still) {
      this.#take({ kind: "home-reached" }, now);
      this.report(now);
    }
    const wished = stream.gripperDue;
    const command = wished === null ? null : gripperCommand(this.#gripper, wished, now);
    if (command !== null) {
      this.#gripper = command;
      this.#options.gripper.command(command.opening);
    }
  }

  #beat({ lease, role, held }: ToArm & { readonly kind: "operator-beat" }, now: Instant): void {
    const before = this.#state;
    const wasMoving = isMoving(before.mode);
    const { taken, state } = this.#take({ kind: "beat", lease, role, held }, now);
    if (!taken) {
      return;
    }
    this.#authority.operatorSeen(now);
    if (wasMoving && state.mode === "hold") {
      if (state.fence > before.fence) {
        this.#rampDown("operator-changed", `lease ${lease} took over`, now);
      } else {
        this.#rampDown("deadman-released", "hold-to-run was let go", now);
      }
    }
  }

  #takeChunk(chunk: Chunk, now: Instant): void {
    const { refusal, finding } = this.#followChunk(chunk, now);
    const reason = refusal === null ? "" : `${refusal.code}: ${refusal.detail}`;
    this.#options.tell({ kind: "chunk-result", id: chunk.id, accepted: refusal === null, reason, receivedAt: now });
    this.#act(finding, now);
  }

  #followChunk(chunk: Chunk, now: Instant): Taken {
    const stream = this.#stream;
    if (this.mode !== "policy" || stream === null) {
      const detail = `chunks are followed in mode policy, and the mode is ${this.mode}`;
      return { refusal: { code: "mode", detail }, finding: null };
    }
    return this.#intake.take(chunk, stream, this.#state.epoch, this.#heldSince + HOLD_AROUND, now);
  }

  #request(id: number, lease: number, request: ArmRequest, now: Instant): void {
    const admission = request.kind === "acknowledge" ? this.acknowledge(lease, now) : this.#begin(request, lease, now);
    const reason = admission.ok ? "" : admission.reason;
    this.#options.tell({ kind: "result", id, ok: admission.ok, reason, epoch: this.#state.epoch });
    this.report(now);
  }

  #begin(request: Exclude<ArmRequest, { readonly kind: "acknowledge" }>, lease: number, now: Instant): Admission {
    const inTheWay = request.kind === "home" ? (this.#stream?.wayHome(this.#options.home) ?? null) : null;
    if (inTheWay !== null) {
      return { ok: false, reason: `the straight way home is not free (${inTheWay}): use the vendor's pendant` };
    }
    const admission = this.#admit(request.kind, lease, now);
    if (admission.ok) {
      this.#beginAdmitted(request, now);
    }
    return admission;
  }

  #beginAdmitted(request: Exclude<ArmRequest, { readonly kind: "acknowledge" }>, now: Instant): void {
    switch (request.kind) {
      case "engage":
        this.#engage(now);
        break;
      case "home":
        this.#clearForMotion();
        this.#stream?.goHome(this.#options.home, Math.max(0, this.#heldSince + HOLD_AROUND - now));
        break;
      case "follow-policy":
        this.#clearForMotion();
        this.#intake.begin(now);
        this.#watch.policyBegins(now);
        break;
      case "hold":
        this.#comeToRest();
        break;
      case "disengage":
        this.#endsAt = now + HOLD_AROUND;
        break;
    }
  }

  #engage(now: Instant): void {
    const { arm } = this.#authority;
    if (arm !== null) {
      this.#stream = new MotionStream(arm.measured, this.#options.period, this.#options.limits);
      this.#guard = freshGuard(this.#options.period, this.#options.limits);
      this.#heldSince = now;
      this.#lastTickAt = now;
      this.#endsAt = Infinity;
      this.#stops.clear();
    }
  }

  #clearForMotion(): void {
    this.#stops.clear();
    this.#endsAt = Infinity;
  }

  #leaveMotion(code: StopCode, detail: string, now: Instant): void {
    this.#leaveBy({ kind: "rest" }, code, detail, now);
  }

  /** Takes an event that ends whatever motion there is. */
  #leaveBy(event: ModeEvent, code: StopCode, detail: string, now: Instant): void {
    const wasMoving = isMoving(this.mode);
    this.#take(event, now);
    if (wasMoving) {
      this.#rampDown(code, detail, now);
    }
  }

  /** The mode has left a motion: so does the stream. */
  #rampDown(code: StopCode, detail: string, now: Instant): void {
    this.#comeToRest();
    this.#stops.add(code, detail, false, now);
    this.report(now);
  }

  #comeToRest(): void {
    this.#stream?.rampDown();
    this.#intake.end();
  }

  #endStream(): void {
    this.#stream = null;
    this.#latching = null;
    this.#endsAt = Infinity;
    this.#intake.end();
  }

  #admit(request: ArmRequest["kind"], lease: number, now: Instant): Admission {
    const step = this.#take({ kind: request, lease }, now);
    if (step.taken) {
      return { ok: true };
    }
    if (step.missing === "healthy" && this.fault === null) {
      return { ok: false, reason: "the enabling switch or guard of the cell is open, or its device is away" };
    }
    const detail = step.missing === "healthy" ? ` (${this.fault})` : "";
    return { ok: false, reason: whyNot(step, request) + detail };
  }

  #take(event: ModeEvent, now: Instant): Step {
    const step = transition(this.#state, event, this.#senses(now));
    this.#state = step.state;
    return step;
  }

  #senses(now: Instant): Senses {
    const authority = this.#authority;
    return {
      operator: authority.hasOperator(now),
      unattended: authority.isUnattended(now),
      guardian: authority.hasGuardian(now),
      fresh: authority.hasFreshState(now),
      healthy: this.fault === null && authority.cellClosed,
      settled: authority.isSettled(now),
      inside: this.#inside(),
      still: this.#stream?.still ?? true,
    };
  }

  #holdToRun(now: Instant): HoldToRun {
    const { control, pressed } = this.#state;
    if (!this.#options.holdToRun) {
      return "not-needed";
    }
    if (this.#authority.isUnattended(now)) {
      return "waived";
    }
    return pressed ? "pressed" : control?.held === true ? "stale" : "released";
  }

  /** The arm stands inside its joints' limits. */
  #inside(): boolean {
    const { highest } = this.#options.limits.policy;
    return this.#authority.arm?.measured.every((angle, joint) => Math.abs(angle) <= jointAt(highest, joint)) ?? false;
  }
}
