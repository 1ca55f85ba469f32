import { type ArmFault, armFault } from "../guard/arm-fault.js";
import type { Limits } from "../guard/limits.js";
import type { Need } from "../modes/rules.js";
import type { ArmState } from "../types/arm-state.js";
import type { Instant, Seconds } from "../types/units.js";
import type { StopCode } from "./stop-codes.js";

// Interlocks: OP-01, OP-02.

/** What a motion has lost, and the words for it. */
export interface LostAuthority {
  readonly code: StopCode;
  readonly detail: string;
}

/** A cause has to be gone this long before it may be acknowledged (reference/safety.md section 3). */
const SETTLED: Seconds = 1;

/** A supervisor's leave to move without hold-to-run lasts this long: half a working morning. */
const UNATTENDED_LASTS: Seconds = 7200;

/** Everything from which a motion has its authority, each with its age: operator, guardian, state of the arm. */
export class Authority {
  readonly #mostAge: Limits["mostAge"];
  readonly #holdToRun: boolean;
  #unattendedUntil: Instant = -Infinity;
  #operatorSeenAt: Instant = -Infinity;
  #guardianSeenAt: Instant = -Infinity;
  #arm: ArmState | null = null;
  #faultSeenAt: Instant = -Infinity;
  #cellClosed = true;

  /** `holdToRun`: motion needs the hold-to-run control, unless a supervisor allows it without. */
  constructor(mostAge: Limits["mostAge"], holdToRun: boolean) {
    this.#mostAge = mostAge;
    this.#holdToRun = holdToRun;
  }

  /** The arm's newest report; null while there is no link. */
  get arm(): ArmState | null {
    return this.#arm;
  }

  /** When whoever is in control was last heard; -Infinity for nobody. */
  get operatorSeenAt(): Instant {
    return this.#operatorSeenAt;
  }

  /** When the guardian was last heard; -Infinity for never. */
  get guardianSeenAt(): Instant {
    return this.#guardianSeenAt;
  }

  /** The arm's own fault; null when it reports none. */
  get fault(): ArmFault | null {
    return this.#arm === null ? null : armFault(this.#arm);
  }

  /** The cell's enabling switch or guard is closed, or there is none. */
  get cellClosed(): boolean {
    return this.#cellClosed;
  }

  cellSwitched(closed: boolean, now: Instant): void {
    this.#cellClosed = closed;
    this.#faultSeenAt = now;
  }

  armReported(state: ArmState): void {
    this.#arm = state;
    if (armFault(state) !== null) {
      this.#faultSeenAt = state.receivedAt;
    }
  }

  armGone(): void {
    this.#arm = null;
  }

  operatorSeen(now: Instant): void {
    this.#operatorSeenAt = now;
  }

  operatorGone(): void {
    this.#operatorSeenAt = -Infinity;
  }

  guardianSeen(now: Instant): void {
    this.#guardianSeenAt = now;
  }

  /** Age of the arm's newest report; Infinity while there is none. */
  armAge(now: Instant): Seconds {
    return this.#arm === null ? Infinity : now - this.#arm.receivedAt;
  }

  hasGuardian(now: Instant): boolean {
    return now - this.#guardianSeenAt <= this.#mostAge.guardian;
  }

  hasFreshState(now: Instant): boolean {
    return this.armAge(now) <= this.#mostAge.armState;
  }

  /** A supervisor allows motion without hold-to-run, or no longer. */
  allowUnattended(allowed: boolean, now: Instant): void {
    this.#unattendedUntil = allowed ? now + UNATTENDED_LASTS : -Infinity;
  }

  /** Motion needs no hold-to-run. */
  isUnattended(now: Instant): boolean {
    return !this.#holdToRun || now < this.#unattendedUntil;
  }

  hasOperator(now: Instant): boolean {
    return now - this.#operatorSeenAt <= this.#mostAge.operator;
  }

  /** The operator is heard as often as motion without a policy asks for (OP-01). */
  isNear(now: Instant): boolean {
    return now - this.#operatorSeenAt <= this.#mostAge.nearOperator;
  }

  /** The arm has reported no fault for long enough to believe it. */
  isSettled(now: Instant): boolean {
    return now - this.#faultSeenAt >= SETTLED;
  }

  /** What a motion has lost, in words. */
  lost(need: Need, byButton: boolean, now: Instant): LostAuthority {
    switch (need) {
      case "leader":
        return { code: "leader-lost", detail: "the puppet's readings have ended" };
      case "enabled":
        return byButton
          ? { code: "leader-released", detail: "the puppet's button is not pressed" }
          : this.lost(this.isNear(now) ? "deadman" : "operator", byButton, now);
      case "operator":
      case "near": {
        const age = milliseconds(now - this.#operatorSeenAt);
        return { code: "operator-lost", detail: `the operator's last beat came ${age} ago` };
      }
      case "guardian": {
        const age = milliseconds(now - this.#guardianSeenAt);
        return { code: "guardian-lost", detail: `the guardian's last beat came ${age} ago` };
      }
      case "fresh":
        return { code: "state-stale", detail: `the arm's last state came ${milliseconds(this.armAge(now))} ago` };
      default:
        return { code: "deadman-released", detail: "hold-to-run is not pressed" };
    }
  }
}

function milliseconds(age: Seconds): string {
  return Number.isFinite(age) ? `${(age * 1000).toFixed(0)} ms` : "ages";
}
