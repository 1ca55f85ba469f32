import { armFault } from "../guard/arm-fault.js";
import type { Limits } from "../guard/limits.js";
import type { ArmState } from "../types/arm-state.js";
import type { Instant, Seconds } from "../types/units.js";
import { OperatorLease } from "./operator-lease.js";
import type { StopCode } from "./stop-codes.js";

/** What a motion has lost, and the words for it. */
export interface LostAuthority {
  readonly code: StopCode;
  readonly detail: string;
}

/** Everything from which a motion has its authority, each with its age: operator, guardian, state of the arm. */
export class Authority {
  readonly operator: OperatorLease;
  readonly #mostAge: Limits["mostAge"];
  #guardianSeenAt: Instant = -Infinity;
  #arm: ArmState | null = null;

  constructor(mostAge: Limits["mostAge"]) {
    this.#mostAge = mostAge;
    this.operator = new OperatorLease(mostAge.operator);
  }

  /** The arm's newest report; null while there is no link. */
  get arm(): ArmState | null {
    return this.#arm;
  }

  /** When the guardian was last heard; -Infinity for never. */
  get guardianSeenAt(): Instant {
    return this.#guardianSeenAt;
  }

  /** The arm's own fault in words; null when it reports none. */
  get fault(): string | null {
    return this.#arm === null ? null : armFault(this.#arm);
  }

  armReported(state: ArmState): void {
    this.#arm = state;
  }

  armGone(): void {
    this.#arm = null;
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

  /**
   * What a motion has lost; null when it may go on. The guard asks the same of each moving setpoint; this also ends a
   * mode that happens to stand still, so that it cannot resume by itself.
   */
  lost(now: Instant): LostAuthority | null {
    const operatorAge = now - this.operator.seenAt;
    if (!(operatorAge <= this.#mostAge.operator)) {
      return { code: "operator-lost", detail: `the operator's last beat came ${milliseconds(operatorAge)} ago` };
    }
    if (!this.hasGuardian(now)) {
      const age = now - this.#guardianSeenAt;
      return { code: "guardian-lost", detail: `the guardian's last beat came ${milliseconds(age)} ago` };
    }
    if (!this.hasFreshState(now)) {
      return { code: "state-stale", detail: `the arm's last state came ${milliseconds(this.armAge(now))} ago` };
    }
    return null;
  }
}

function milliseconds(age: Seconds): string {
  return Number.isFinite(age) ? `${(age * 1000).toFixed(0)} ms` : "ages";
}
