import type { ArmFault } from "../guard/arm-fault.js";
import { isMoving } from "../modes/mode-machine.js";
import type { ModeEvent } from "../modes/mode-state.js";
import type { StopKind } from "../ports/arm.js";
import type { Role } from "../types/role.js";
import type { Instant } from "../types/units.js";
import type { Finding } from "../watch/finding.js";
import { STOP_AGAIN } from "../watch/stop-conditions.js";
import { Acknowledgement } from "./acknowledgement.js";
import type { ArmReporter } from "./arm-reporter.js";
import type { ArmWatch } from "./arm-watch.js";
import type { ChunkIntake } from "./chunk-intake.js";
import type { Admission, Mandate } from "./mandate.js";
import type { SetpointSender } from "./setpoint-sender.js";
import type { StopCode } from "./stop-codes.js";
import type { StopLog } from "./stop-log.js";
import type { SupervisorOptions } from "./supervisor-options.js";

// Interlocks: AR-14, AR-16, ML-02, ML-15, OP-06.

/** Why it is stopped, and who may acknowledge that where it depends on more than the code. */
interface StopCause {
  readonly code: StopCode;
  readonly detail: string;
  readonly acknowledgedBy?: Role;
}

type Ways = Pick<SupervisorOptions, "arm" | "cutSupply" | "onLinkDead" | "onOwnFault">;

/** What a stop ends, and what has to know of it. */
interface Stopped {
  readonly mandate: Mandate;
  readonly sender: SetpointSender;
  readonly intake: ChunkIntake;
  readonly watch: ArmWatch;
  readonly stops: StopLog;
  readonly reporter: ArmReporter;
}

/**
 * Every way in which a motion ends, from the stopping ramp to the arm's own stop and the loss of its link, and the latch
 * with its acknowledgement. Never begins anything. Kept in one file, because each way has to leave the same things behind.
 */
export class Stopping {
  readonly #options: Ways;
  readonly #stopped: Stopped;
  readonly #acknowledgement = new Acknowledgement();
  /** A protective stop: the arm comes to rest first, then it is stopped and latched. */
  #latching: Finding | null = null;
  #stoppedAt: Instant = -Infinity;

  constructor(options: Ways, stopped: Stopped) {
    this.#options = options;
    this.#stopped = stopped;
  }

  /** What is latched as soon as the arm stands; null for nothing. */
  get latching(): Finding | null {
    return this.#latching;
  }

  /** Stops the arm at once and latches; the stop is the next thing on the wire and nothing follows it. */
  stop(code: StopCode, detail: string, now: Instant): void {
    this.latch("quick", { code, detail }, now);
  }

  /** Comes to rest first, then stops the arm and latches. In recovery nothing is ramped: the arm itself stops. */
  stopAtRest(finding: Finding, now: Instant): void {
    if (this.#stopped.mandate.mode === "recovery") {
      this.latch("slow", finding, now);
    } else if (this.#latching === null) {
      this.#latching = finding;
      this.leaveMotion(finding.code, finding.detail, now);
    }
  }

  /** Has the stream end that has come to rest and was to end there; true when it did. */
  endAtRest(now: Instant): boolean {
    const { mandate, sender, reporter } = this.#stopped;
    if (this.#latching !== null && sender.stream?.still === true) {
      this.latch("slow", this.#latching, now);
      return true;
    }
    if (sender.isOver(now)) {
      mandate.take({ kind: "stream-ended" }, now);
      this.#endStream();
      reporter.report(now);
      return true;
    }
    return false;
  }

  /** An arm that was stopped and moves all the same is stopped again and again, and from a certain time on has no supply. */
  stopAgain(findings: readonly Finding[], now: Instant): void {
    const moves = findings.find(({ code, reaction }) => code === "moves-unasked" || reaction === "cut-supply");
    if (moves === undefined || now - this.#stoppedAt < STOP_AGAIN) {
      return;
    }
    this.#stoppedAt = now;
    this.#options.arm.stop("quick");
    this.#stopped.stops.once(moves.code, moves.detail, now);
    if (moves.reaction === "cut-supply") {
      this.#options.cutSupply();
    } else {
      this.#stopped.watch.stoppedAgain(now);
    }
  }

  /** Latches what the arm reports of itself. What is latched already is latched anew by what fewer may acknowledge. */
  armAtFault({ detail, acknowledgedBy, isOurs }: ArmFault, now: Instant): void {
    const { mandate, stops, reporter } = this.#stopped;
    if (mandate.mode !== "fault") {
      this.latch("quick", { code: "arm-fault", detail, acknowledgedBy }, now);
    } else if (mandate.latchOutranks(acknowledgedBy)) {
      return;
    } else {
      // Whoever moves the arm out of its fault by the pendant is not stopped for it.
      mandate.take({ kind: "stop", acknowledgedBy }, now);
      stops.add("arm-fault", detail, true, now);
      reporter.report(now);
    }
    if (isOurs) {
      this.#options.onOwnFault(detail);
    }
  }

  /** Latches; `kind` null: without a stop of the arm. */
  latch(kind: StopKind | null, { code, detail, acknowledgedBy }: StopCause, now: Instant): void {
    const { mandate, watch, stops, reporter } = this.#stopped;
    const isFirst = mandate.mode !== "fault";
    const role = isFirst ? this.#acknowledgement.roleFor(code, now, acknowledgedBy) : "operator";
    mandate.take({ kind: "stop", acknowledgedBy: role }, now);
    if (kind !== null) {
      this.#options.arm.stop(kind);
      this.#stoppedAt = now;
    }
    this.#endStream();
    mandate.authority.allowUnattended(false, now);
    if (code === "foreign-motion") {
      // Whoever believed to be in control was not.
      mandate.authority.operatorGone();
      mandate.take({ kind: "operator-gone" }, now);
    }
    if (isFirst) {
      if (kind !== null) {
        watch.stopped(now);
      }
      stops.add(code, detail, true, now);
      reporter.report(now);
    }
  }

  /** Acknowledges a latched stop; the caller has cleared the arm's own faults first. */
  acknowledge(lease: number, now: Instant): Admission {
    const { mandate, sender, stops, reporter } = this.#stopped;
    const admission = mandate.admit("acknowledge", lease, now);
    if (admission.ok) {
      sender.renewGuard();
      stops.clear();
      reporter.report(now);
    }
    return admission;
  }

  /** Stops the arm and resets its link. */
  resetLink({ code, detail }: Finding, now: Instant): void {
    // Nothing gentler keeps what is under way from being executed late. An arm that is blocked looks the same from
    // here, and takes the stop at once.
    this.#options.arm.stop("quick");
    this.#options.arm.reset();
    this.linkLost(detail, now, code);
  }

  /**
   * Opens the link of an arm that stands anew, where its lines are no messages: an answer may have got lost among them, and
   * the wait for it would end a motion that was begun meanwhile.
   */
  openAnew({ code, detail }: Finding, now: Instant): void {
    // What stops the arm goes out before.
    if (code === "replies-garbled" && now - this.#stoppedAt >= STOP_AGAIN) {
      this.#options.arm.reset();
      this.linkLost(detail, now, code);
    }
  }

  /** The link to the arm is gone; it comes back standing by, never moving. */
  linkLost(detail: string, now: Instant, code: StopCode): void {
    const { mandate, watch, stops } = this.#stopped;
    if (mandate.authority.arm === null) {
      return;
    }
    mandate.authority.armGone();
    watch.forget();
    const { engaged } = mandate;
    if (this.#latching !== null) {
      this.latch("slow", this.#latching, now);
    }
    this.#endStream();
    if (mandate.take({ kind: "link-lost" }, now).taken && engaged) {
      stops.add(code, detail, false, now);
    }
    this.#options.onLinkDead();
  }

  /** Ends whatever motion there is by the stopping ramp. */
  leaveMotion(code: StopCode, detail: string, now: Instant): void {
    this.leaveBy({ kind: "rest" }, code, detail, now);
  }

  /** Takes an event that ends whatever motion there is. */
  leaveBy(event: ModeEvent, code: StopCode, detail: string, now: Instant): void {
    const { mandate } = this.#stopped;
    const wasMoving = isMoving(mandate.mode);
    mandate.take(event, now);
    if (wasMoving && !isMoving(mandate.mode)) {
      this.rampDown(code, detail, now);
    }
  }

  /** The mode has left a motion: so does the stream. */
  rampDown(code: StopCode, detail: string, now: Instant): void {
    this.comeToRest(now);
    this.#stopped.stops.add(code, detail, false, now);
    this.#stopped.reporter.report(now);
  }

  /** The same, where nobody has to be told why. */
  comeToRest(now: Instant): void {
    const { mandate, sender, intake, watch } = this.#stopped;
    if (mandate.mode === "fault") {
      // Nothing is streamed in a fault: what came back inside its limits, at 10 degrees a second at most, the arm itself stops.
      this.#options.arm.stop("slow");
      this.#endStream();
      this.#stoppedAt = now;
      watch.stopped(now);
      return;
    }
    sender.stream?.rampDown();
    intake.end();
  }

  #endStream(): void {
    this.#stopped.sender.end();
    this.#latching = null;
    this.#stopped.intake.end();
  }
}
