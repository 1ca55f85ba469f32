import { type ArmFault, armFault } from "../guard/arm-fault.js";
import { isMoving } from "../modes/mode-machine.js";
import type { ModeEvent, ModeState } from "../modes/mode-state.js";
import type { StopKind } from "../ports/arm.js";
import type { ArmReport, ArmRequest, ToArm } from "../types/arm-link.js";
import type { ArmState } from "../types/arm-state.js";
import type { Chunk } from "../types/chunk.js";
import type { Mode } from "../types/mode.js";
import type { PuppetIdentity, PuppetSample } from "../types/puppet.js";
import type { Resources } from "../types/resources.js";
import type { Role } from "../types/role.js";
import type { Setpoint } from "../types/setpoint.js";
import type { Takeover } from "../types/teleop.js";
import { type Instant, type JointVector, jointPosition, type Seconds } from "../types/units.js";
import { bars, bySeverity, type Finding } from "../watch/finding.js";
import { unfamiliarState } from "../watch/policy-conditions.js";
import { isByHand } from "../watch/report-conditions.js";
import { Acknowledgement } from "./acknowledgement.js";
import { ArmWatch } from "./arm-watch.js";
import type { Authority } from "./authority.js";
import { ChunkIntake, type Taken } from "./chunk-intake.js";
import { BEAT_PERIOD, SILENT_BEATS } from "./guardian-protocol.js";
import { Ladder } from "./ladder.js";
import { type Admission, Mandate } from "./mandate.js";
import type { MotionStream } from "./motion-stream.js";
import { type Sending, SetpointSender } from "./setpoint-sender.js";
import { STOP_HINT, type StopCode } from "./stop-codes.js";
import { StopLog } from "./stop-log.js";
import type { SupervisorOptions } from "./supervisor-options.js";
import type { Teleoperation } from "./teleoperation.js";

// Interlocks: AR-17, ML-02, OP-06, OP-13, PO-09.

/** The vendor's practice: the pose is held this long before and after a stream. */
const HOLD_AROUND: Seconds = 0.3;
/** A link without state for this long is reset (AR-09). */
const LINK_DEAD: Seconds = 0.5;
/** After a pause this long the guardian may have stopped the arm: it counts from the last beat, up to a beat earlier. */
const GUARDIAN_FIRES: Seconds = (SILENT_BEATS - 1) * BEAT_PERIOD;
/** A pause of the whole machine up to this long is gone on from by itself, from rest (PO-07). */
const SHORT_PAUSE: Seconds = 0.25;
/** After a pause this long nothing is as it was (HO-16). */
const SUSPENDED: Seconds = 1;
/** Reports go to the daemon this often. */
const REPORT_PERIOD: Seconds = 0.02;

/** Where an arm stands of which nothing is known; nothing follows a leader then. */
const UPRIGHT: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** While the arm should stand and does not, it is told to stop this often (AR-16, ML-15). */
const STOP_AGAIN: Seconds = 0.1;

/** Why it is stopped, and who may acknowledge that where it depends on more than the code. */
interface StopCause {
  readonly code: StopCode;
  readonly detail: string;
  readonly acknowledgedBy?: Role;
}

/**
 * Decides what is streamed and when to stop. Every method takes the present instant, so that nothing here needs a clock or
 * a timer.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #mandate: Mandate;
  readonly #sender: SetpointSender;
  readonly #intake: ChunkIntake;
  readonly #stops: StopLog;
  readonly #watch: ArmWatch;
  readonly #ladder: Ladder;
  readonly #acknowledgement = new Acknowledgement();
  #heldSince: Instant = 0;
  #endsAt: Instant = Infinity;
  #lastTickAt: Instant = -Infinity;
  /** When a setpoint was sent last, and whether it has to begin anew from rest. */
  #streamedAt: Instant = -Infinity;
  #interrupted = false;
  #reportedAt: Instant = -Infinity;
  /** The leader's readings since the last report. */
  #read: PuppetSample[] = [];
  /** Permitted since the last report. */
  #sent: Setpoint[] = [];
  /** A protective stop: the arm comes to rest first, then it is stopped and latched. */
  #latching: Finding | null = null;
  #stoppedAt: Instant = -Infinity;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#mandate = new Mandate(options, {
      fault: () => this.fault,
      otherFault: () => this.#faultBut("outside-limits"),
      still: () => this.#stream?.still ?? (this.mode !== "fault" || this.#watch.stands),
      held: (now) => this.#stream === null || now >= this.#heldSince + HOLD_AROUND,
    });
    this.#sender = new SetpointSender(options);
    this.#intake = new ChunkIntake(options.limits);
    this.#watch = new ArmWatch(options.limits, options.period);
    this.#ladder = new Ladder(options.limits.watch.slow, options.onFinding);
    this.#stops = new StopLog((stop, flight) => {
      options.tell({ kind: "stopped", stop });
      options.onStop(stop, flight);
    });
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
    const found = this.#latching ?? barring ?? null;
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
    const pause = now - this.#lastTickAt;
    this.#lastTickAt = now;
    this.#judgeTick(pause, now);
    this.#lead(now);
    if (this.engaged) {
      this.#interrupted ||= Math.max(pause, now - this.#streamedAt) > GUARDIAN_FIRES;
      if (this.#interrupted) {
        // What has arrived meanwhile is read before anything is sent.
        this.#paused(now);
      } else {
        this.#look(now);
        this.#follow(now);
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
      case "pictures":
        this.#watch.pictures(message.capturedAt, now);
        break;
      case "unfamiliar":
        this.#misfit(message.detail, now);
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
    this.#leaveBy({ kind: "daemon-lost" }, "daemon-lost", "its connection ended", now);
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
  linkLost(detail: string, now: Instant, code: StopCode = "link-lost"): void {
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
    if (this.#mandate.take({ kind: "link-lost" }, now).taken && engaged) {
      this.#stops.add(code, detail, false, now);
    }
    this.#options.onLinkDead();
  }

  /** A new report of the arm. A fault stops and latches at once, even if the next report no longer shows it. */
  armState(state: ArmState, now: Instant): void {
    if (this.#watch.report(state, this.mode, now)) {
      this.#authority.armReported(state);
    }
    const fault = armFault(state);
    if (fault !== null) {
      this.#armAtFault(fault, now);
    }
    this.#react(now);
  }

  /** A leader arm has come. */
  leaderHello(leader: PuppetIdentity, now: Instant): void {
    this.#leaveBy({ kind: "leader-gone" }, "leader-lost", "another leader came", now);
    this.#teleoperation.hello(leader, now);
  }

  /** The leader arm was read. */
  leaderSample(sample: PuppetSample, now: Instant): void {
    const near = this.#stream?.commanded ?? this.#authority.arm?.measured;
    if (near === undefined || !this.#teleoperation.read(sample, near, now)) {
      return;
    }
    this.#read.push(sample);
    if (sample.button !== this.#mandate.state.gripHeld) {
      this.#leaveBy({ kind: "grip", held: sample.button }, "leader-released", "the puppet's button was let go", now);
    }
    this.#react(now);
  }

  /** The leader arm is away. */
  leaderGone(detail: string, now: Instant): void {
    this.#teleoperation.gone(detail);
    this.#leaveBy({ kind: "leader-gone" }, "leader-lost", detail, now);
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
    this.#latch("quick", { code, detail }, now);
  }

  /** Acknowledges a latched stop; the caller has cleared the arm's own faults first. */
  acknowledge(lease: number, now: Instant): Admission {
    const admission = this.#mandate.admit("acknowledge", lease, now);
    if (admission.ok) {
      this.#sender.renewGuard();
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
    if (this.#read.length > 0) {
      this.#options.tell({ kind: "leader-samples", samples: this.#read });
      this.#read = [];
    }
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
      epoch: this.#mandate.epoch,
      source: this.#stream?.source ?? null,
      holdToRun: this.#mandate.holdToRun(now),
      measured: arm?.measured ?? null,
      measuredAge: arm === null ? null : this.#authority.armAge(now),
      commanded: this.#stream === null ? (arm?.measured ?? null) : jointPosition(this.#stream.commanded),
      reference: this.#stream === null ? (arm?.measured ?? null) : jointPosition(this.#stream.reference(now).q),
      gripper: this.#options.gripper.state(),
      teleop: this.#teleoperation.report(this.#mandate.planned, now),
      pendingTargets: this.#stream?.targetsAhead ?? 0,
      stops: this.#stops.stops,
      notices: this.#ladder.notices,
      armStatus: arm?.status ?? "not connected",
      stream: { ...this.#options.counters(), refusals: this.#sender.refusals },
    };
  }

  #judgeTick(pause: Seconds, now: Instant): void {
    const { period, gripper, lateShare } = this.#options;
    const stream = this.#stream;
    const toldToStand = !isMoving(this.mode) && stream?.still === true ? stream.commanded : null;
    this.#watch.tick(
      {
        mode: this.mode,
        stands: this.mode === "fault" || toldToStand !== null,
        toldToStand,
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
    const findings = [...this.#watch.findings, ...this.#teleoperation.findings(now)].sort(bySeverity);
    const foreign = findings.find(({ code }) => code === "foreign-motion");
    if (foreign !== undefined && this.mode === "standby") {
      // A fault that is latched already is left alone: the vendor's pendant is the way out of it.
      this.#latch(isByHand(this.#authority.arm?.status ?? "") ? null : "quick", foreign, now);
    }
    // What is found while nothing is streamed is told, too.
    const pace = this.#ladder.pace(findings, now);
    this.#stream?.slowTo(pace);
    this.#act(findings[0] ?? null, now);
  }

  #act(finding: Finding | null, now: Instant): void {
    if (finding === null) {
      return;
    }
    const { reaction, code, detail } = finding;
    if (this.mode === "fault") {
      this.#stopAgain(finding, now);
      return;
    }
    if (!this.engaged) {
      return;
    }
    switch (reaction) {
      case "cut-supply":
      case "quick-stop":
        this.stop(code, detail, now);
        break;
      case "protective-stop":
        if (this.mode === "recovery") {
          this.#latch("slow", finding, now);
        } else if (this.#latching === null) {
          this.#latching = finding;
          this.#leaveMotion(code, detail, now);
        }
        break;
      case "reset-link":
        // Nothing gentler keeps what is under way from being executed late. An arm that is blocked looks the same from
        // here, and takes the stop at once.
        this.#options.arm.stop("quick");
        this.#options.arm.reset();
        this.linkLost(detail, now, code);
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

  /** The policy does not fit what the arm does: it comes to rest and stays there, whatever it does now. */
  #misfit(detail: string, now: Instant): void {
    const finding = unfamiliarState(detail);
    if (this.engaged || this.mode === "fault") {
      this.#act(finding, now);
    } else {
      this.#latch("slow", finding, now);
    }
  }

  /** An arm that was stopped and moves all the same is stopped again and again, and from a certain time on has no supply. */
  #stopAgain({ reaction, code, detail }: Finding, now: Instant): void {
    const moves = code === "moves-unasked" || reaction === "cut-supply";
    if (moves && now - this.#stoppedAt >= STOP_AGAIN) {
      this.#stoppedAt = now;
      this.#options.arm.stop("quick");
      this.#stops.once(code, detail, now);
      if (reaction === "cut-supply") {
        this.#options.cutSupply();
      }
    }
  }

  /** Latches what the arm reports of itself. What is latched already is latched anew by what fewer may acknowledge. */
  #armAtFault({ detail, acknowledgedBy, isOurs }: ArmFault, now: Instant): void {
    if (this.mode !== "fault") {
      this.#latch("quick", { code: "arm-fault", detail, acknowledgedBy }, now);
    } else if (this.#mandate.latchOutranks(acknowledgedBy)) {
      return;
    } else {
      // Whoever moves the arm out of its fault by the pendant is not stopped for it.
      this.#mandate.take({ kind: "stop", acknowledgedBy }, now);
      this.#stops.add("arm-fault", detail, true, now);
      this.report(now);
    }
    if (isOurs) {
      this.#options.onOwnFault(detail);
    }
  }

  /** `kind` null: without a stop of the arm. */
  #latch(kind: StopKind | null, { code, detail, acknowledgedBy }: StopCause, now: Instant): void {
    const isFirst = this.mode !== "fault";
    const role = isFirst ? this.#acknowledgement.roleFor(code, now, acknowledgedBy) : "operator";
    this.#mandate.take({ kind: "stop", acknowledgedBy: role }, now);
    if (kind !== null) {
      this.#options.arm.stop(kind);
      this.#stoppedAt = now;
    }
    this.#endStream();
    this.#authority.allowUnattended(false, now);
    if (code === "foreign-motion") {
      // Whoever believed to be in control was not.
      this.#authority.operatorGone();
      this.#mandate.take({ kind: "operator-gone" }, now);
    }
    if (isFirst) {
      if (kind !== null) {
        this.#watch.stopped(now);
      }
      this.#stops.add(code, detail, true, now);
      this.report(now);
    }
  }

  /** The process was held up: the arm has come to rest at the last frame meanwhile. */
  #paused(now: Instant): void {
    const pause = now - this.#streamedAt;
    if (pause <= this.#options.limits.mostAge.stream) {
      return;
    }
    this.#interrupted = false;
    this.#streamedAt = now;
    const detail = `no tick for ${(pause * 1000).toFixed(0)} ms`;
    this.#stream?.restart(HOLD_AROUND);
    if (pause > SUSPENDED) {
      this.stop("stalled", detail, now);
    } else if (pause > SHORT_PAUSE || this.mode === "recovery") {
      this.#leaveMotion("stalled", detail, now);
    }
  }

  /** Lets the leader take over when it may, and go on when it has. */
  #lead(now: Instant): void {
    const { mode } = this;
    const where = this.#stream?.commanded ?? this.#authority.arm?.measured;
    if (where !== undefined) {
      this.#teleoperation.look(where, mode === "teleop", now);
    }
    if (mode !== "teleop") {
      const { state } = this.#mandate;
      this.#mandate.take({ kind: "lead" }, now);
      this.#led(state, "button", now);
    }
  }

  /** Does what a change to align or teleop asks for. */
  #led(before: ModeState, by: Takeover["by"], now: Instant): void {
    const { mode, epoch } = this.#mandate;
    if (mode === before.mode) {
      return;
    }
    if (mode === "align" && before.mode === "standby") {
      this.#engage(now);
    } else if (mode === "align" && isMoving(before.mode)) {
      this.#rampDown("taken-over", "the puppet was taken, and is not at the arm's pose", now);
    } else if (mode === "teleop") {
      this.#clearForMotion();
      this.#intake.end();
      this.#teleoperation.begin(this.#stream?.restsAt ?? UPRIGHT, this.#sender.gripperTold, now);
      if (before.mode === "policy" || before.mode === "homing") {
        const takeover = { at: now, from: before.mode, epochBefore: before.epoch, epoch, by };
        this.#options.tell({ kind: "takeover", takeover });
      }
    }
    this.report(now);
  }

  /** What ends a motion although nothing was proposed yet. */
  #look(now: Instant): void {
    if (this.#latching !== null && this.#stream?.still === true) {
      this.#latch("slow", this.#latching, now);
    } else if (now >= this.#endsAt && this.#stream?.still === true) {
      this.#mandate.take({ kind: "stream-ended" }, now);
      this.#endStream();
      this.report(now);
    } else if (isMoving(this.mode)) {
      const { missing } = this.#mandate.take({ kind: "tick" }, now);
      if (missing !== null) {
        const { code, detail } = this.#authority.lost(missing, this.#teleoperation.byButton, now);
        this.#rampDown(code, detail, now);
      } else if (this.mode === "policy" && this.#intake.isStarved(now)) {
        this.#leaveMotion("policy-starved", "no usable chunk in time", now);
      } else if (this.mode === "recovery" && this.#stream?.hasRecovered(HOLD_AROUND) === true) {
        this.#leaveMotion("recovered", "the arm stands inside its soft limits again", now);
      }
    }
  }

  /** Has the stream go where the leader is. */
  #follow(now: Instant): void {
    const stream = this.#stream;
    const target = this.mode === "teleop" && stream !== null ? this.#teleoperation.target(stream.commanded, now) : null;
    if (target !== null) {
      stream?.lead(target);
    }
  }

  #send(dueAt: Instant, now: Instant): void {
    const sending = this.#propose(dueAt, now);
    const refusals = sending !== null && "refusals" in sending ? sending.refusals : [];
    const worst = refusals.find((refusal) => refusal.reaction === "quick-stop");
    const first = refusals[0];
    if (first === undefined) {
      return;
    }
    this.#sender.countRefusal();
    if (worst !== undefined || !isMoving(this.mode)) {
      const refusal = worst ?? first;
      this.stop(refusal.code, refusal.detail, now);
      return;
    }
    this.#leaveMotion(first.code, first.detail, now);
    const ramp = this.#propose(dueAt, now);
    if (ramp !== null && "refusals" in ramp) {
      const again = ramp.refusals[0] ?? first;
      this.stop(again.code, again.detail, now);
    }
  }

  #propose(dueAt: Instant, now: Instant): Sending {
    const sending = this.#sender.send(dueAt, {
      now,
      mode: this.mode,
      epoch: this.#mandate.epoch,
      arm: this.#authority.arm,
      operatorSeenAt: this.#mandate.authorisedAt,
      leaderSeenAt: this.#teleoperation.seenAt,
      guardianSeenAt: this.#authority.guardianSeenAt,
    });
    if (sending !== null && "sent" in sending) {
      this.#streamedAt = now;
      this.#sent.push(sending.sent);
      this.#watch.sent(sending.sent.q, now);
      this.#stops.sent(sending.sent, this.#authority.arm);
      this.#afterSending(now);
    }
    return sending;
  }

  #afterSending(now: Instant): void {
    const stream = this.#stream;
    if (this.mode === "homing" && stream?.still === true) {
      this.#mandate.take({ kind: "home-reached" }, now);
      this.report(now);
    }
    if (this.mode === "teleop") {
      this.#teleoperation.sent(now);
      this.#sender.tellGripper(this.#teleoperation.gripperDue, now);
    } else {
      this.#sender.tellGripper(stream?.gripperDue ?? null, now);
    }
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
    return this.#intake.take(chunk, stream, this.#mandate.epoch, this.#heldSince + HOLD_AROUND, now);
  }

  #request(id: number, lease: number, request: ArmRequest, now: Instant): void {
    const admission = request.kind === "acknowledge" ? this.acknowledge(lease, now) : this.#begin(request, lease, now);
    const reason = admission.ok ? "" : admission.reason;
    this.#options.tell({ kind: "result", id, ok: admission.ok, reason, epoch: this.#mandate.epoch });
    this.report(now);
  }

  #begin(request: Exclude<ArmRequest, { readonly kind: "acknowledge" }>, lease: number, now: Instant): Admission {
    if (request.kind === "home") {
      const inTheWay = this.#stream?.wayTo(request.to ?? this.#options.home) ?? null;
      if (inTheWay !== null) {
        const what = request.to === undefined ? "home" : "there";
        return { ok: false, reason: `the straight way ${what} is not free (${inTheWay}): use the vendor's pendant` };
      }
    }
    const { arm } = this.#authority;
    if (request.kind === "recover" && this.mode === "fault" && arm !== null) {
      const inTheWay = this.#sender.blockedFrom(arm.measured);
      if (inTheWay !== null) {
        return { ok: false, reason: `the way back is not free (${inTheWay}): use the vendor's pendant` };
      }
    }
    if (request.kind === "teleop" && this.#options.teleop === null) {
      return { ok: false, reason: "this cell has no puppet: name one under puppet: in the configuration" };
    }
    const { state } = this.#mandate;
    // Whether it may be followed at once depends on the clutch.
    this.#teleoperation.allowClutch(request.kind === "teleop" && request.clutch);
    const admission = this.#mandate.admit(request.kind, lease, now);
    if (admission.ok) {
      this.#beginAdmitted(request, now);
      this.#led(state, "request", now);
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
        this.#stream?.goTo(request.to ?? this.#options.home, Math.max(0, this.#heldSince + HOLD_AROUND - now));
        break;
      case "follow-policy":
        this.#clearForMotion();
        this.#intake.begin(now);
        this.#watch.policyBegins(now);
        break;
      case "hold":
        this.#comeToRest(now);
        break;
      case "recover":
        this.#startStream(now);
        this.#stream?.recover(HOLD_AROUND);
        this.#watch.recoveryBegins(now);
        break;
      case "teleop":
        break;
      case "disengage":
        this.#endsAt = now + HOLD_AROUND;
        break;
    }
  }

  #engage(now: Instant): void {
    this.#startStream(now);
    this.#stops.clear();
  }

  /** Streams the pose at which the arm stands. */
  #startStream(now: Instant): void {
    const { arm } = this.#authority;
    if (arm !== null) {
      this.#sender.start(arm.measured);
      this.#watch.streamBegins();
      this.#heldSince = now;
      this.#lastTickAt = now;
      this.#streamedAt = now;
      this.#interrupted = false;
      this.#endsAt = Infinity;
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
    this.#mandate.take(event, now);
    if (wasMoving && !isMoving(this.mode)) {
      this.#rampDown(code, detail, now);
    }
  }

  /** The mode has left a motion: so does the stream. */
  #rampDown(code: StopCode, detail: string, now: Instant): void {
    this.#comeToRest(now);
    this.#stops.add(code, detail, false, now);
    this.report(now);
  }

  #comeToRest(now: Instant): void {
    if (this.mode === "fault") {
      // Nothing is streamed in a fault: what came back inside its limits, at 10 degrees a second at most, the arm itself stops.
      this.#options.arm.stop("slow");
      this.#endStream();
      this.#stoppedAt = now;
      this.#watch.stopped(now);
      return;
    }
    this.#stream?.rampDown();
    this.#intake.end();
  }

  #endStream(): void {
    this.#sender.end();
    this.#latching = null;
    this.#endsAt = Infinity;
    this.#intake.end();
  }
}
