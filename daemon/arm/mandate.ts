import { isAtLeast, type Step } from "../modes/follow-rules.js";
import { isEngaged, transition, whyNot } from "../modes/mode-machine.js";
import { AT_START, type ModeEvent, type ModeState, type Senses } from "../modes/mode-state.js";
import { outsideOf } from "../motion/way-back.js";
import type { ArmRequest, HoldToRun } from "../types/arm-link.js";
import type { Mode } from "../types/mode.js";
import type { Role } from "../types/role.js";
import type { Instant } from "../types/units.js";
import { Authority } from "./authority.js";
import type { SupervisorOptions } from "./supervisor-options.js";
import { Teleoperation } from "./teleoperation.js";

/** A request that was admitted, or why it was not. */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** What the mandate has to be told of the rest. */
export interface Circumstances {
  /** What keeps the arm from being engaged, in words; null for nothing. */
  fault(): string | null;
  /** The same, but for joints that stand outside their soft limits. */
  otherFault(): string | null;
  /** No ramp is under way, and an arm that was stopped stands. */
  still(): boolean;
  /** The pose has been held for long enough at the beginning of the stream. */
  held(now: Instant): boolean;
}

/** Who may have the arm do what: the mode, everything that a motion has its authority from, and every change of both. */
export class Mandate {
  readonly authority: Authority;
  readonly teleoperation: Teleoperation;
  readonly #options: SupervisorOptions;
  readonly #circumstances: Circumstances;
  #state: ModeState = AT_START;

  constructor(options: SupervisorOptions, circumstances: Circumstances) {
    this.#options = options;
    this.#circumstances = circumstances;
    this.authority = new Authority(options.limits.mostAge, options.holdToRun);
    this.teleoperation = new Teleoperation(options.teleop, options.limits, options.period);
  }

  get state(): ModeState {
    return this.#state;
  }

  get mode(): Mode {
    return this.#state.mode;
  }

  get epoch(): number {
    return this.#state.epoch;
  }

  /** True while setpoints are streamed. */
  get engaged(): boolean {
    return isEngaged(this.mode);
  }

  /** True while something moves the arm that a leader may take over from. */
  get planned(): boolean {
    return this.mode === "policy" || this.mode === "homing";
  }

  /** When whoever authorises the present motion was last heard; -Infinity for nobody. */
  get authorisedAt(): Instant {
    const byButton = this.mode === "teleop" && this.teleoperation.byButton;
    return byButton ? this.teleoperation.pressedAt : this.authority.operatorSeenAt;
  }

  /** Takes an event; nothing happens where there is no rule for it. */
  take(event: ModeEvent, now: Instant): Step {
    const step = transition(this.#state, event, this.#senses(now));
    this.#state = step.state;
    return step;
  }

  /** Takes a request, or says why not. */
  admit(request: ArmRequest["kind"], lease: number, now: Instant): Admission {
    const step = this.take({ kind: request, lease }, now);
    if (step.taken) {
      return { ok: true };
    }
    const fault = step.missing === "sound" ? this.#circumstances.otherFault() : this.#circumstances.fault();
    const isWrong = step.missing === "healthy" || step.missing === "sound";
    if (isWrong && fault === null) {
      return { ok: false, reason: "the enabling switch or guard of the cell is open, or its device is away" };
    }
    const { latch } = this.#state;
    const who = latch === null ? "" : `: it takes a ${latch}`;
    const detail = isWrong ? ` (${fault})` : step.missing === "role" ? who : "";
    return { ok: false, reason: whyNot(step, request) + detail };
  }

  /** What is latched may be acknowledged by nobody below this role. */
  latchOutranks(role: Role): boolean {
    const { latch } = this.#state;
    return latch !== null && isAtLeast(latch, role);
  }

  /** Whoever has this lease is in control and may acknowledge what is latched. */
  mayAcknowledge(lease: number): boolean {
    const { control, latch } = this.#state;
    return control?.lease === lease && isAtLeast(control.role, latch ?? "operator");
  }

  /** The hold-to-run control as it counts now. */
  holdToRun(now: Instant): HoldToRun {
    const { control, pressed } = this.#state;
    if (!this.#options.holdToRun) {
      return "not-needed";
    }
    if (this.authority.isUnattended(now)) {
      return "waived";
    }
    return pressed ? "pressed" : control?.held === true ? "stale" : "released";
  }

  #senses(now: Instant): Senses {
    const { authority, teleoperation } = this;
    return {
      operator: authority.hasOperator(now),
      near: authority.isNear(now),
      button: teleoperation.byButton,
      leader: teleoperation.isThere(now),
      ready: this.#circumstances.held(now) && teleoperation.isReady(this.planned, now),
      unattended: authority.isUnattended(now),
      guardian: authority.hasGuardian(now),
      fresh: authority.hasFreshState(now),
      healthy: this.#circumstances.fault() === null && authority.cellClosed,
      sound: this.#circumstances.otherFault() === null && authority.cellClosed,
      settled: authority.isSettled(now),
      inside: this.#inside(),
      still: this.#circumstances.still(),
    };
  }

  /** The arm stands inside its joints' limits. */
  #inside(): boolean {
    const { arm } = this.authority;
    return arm !== null && !outsideOf(arm.measured, this.#options.limits.policy).includes(true);
  }
}
