import { higher } from "../modes/follow-rules.js";
import type { ArmState } from "../types/arm-state.js";
import type { Role } from "../types/role.js";
import { type FaultCode, JOINT_FAULTS, SYSTEM_FAULTS, UNKNOWN_FAULT } from "./fault-codes.js";

// Interlocks: AR-01, AR-02, AR-07.

/** What is wrong with the arm by its own account. */
export interface ArmFault {
  /** All of it, in words. */
  readonly detail: string;
  /** Who may acknowledge it: whoever may the worst of it. */
  readonly acknowledgedBy: Role;
  /** Some of it is a fault of this program. */
  readonly isOurs: boolean;
}

/** A joint that is not enabled (AR-02). */
const DISABLED: FaultCode = { words: "not enabled", acknowledgedBy: "supervisor", isOurs: false };

/**
 * What is wrong with the arm by its own account; null when nothing is. Every non-zero code counts, known or not, because
 * the controller clears its own errors with the next motion command.
 */
export function armFault(arm: ArmState): ArmFault | null {
  const details: string[] = [];
  const found: FaultCode[] = [];
  for (const code of arm.systemErrors) {
    if (code !== 0) {
      const fault = SYSTEM_FAULTS.get(code) ?? UNKNOWN_FAULT;
      found.push(fault);
      details.push(`system error ${hex(code)}: ${fault.words}`);
    }
  }
  for (const [joint, bits] of arm.jointErrors.entries()) {
    if (bits !== 0) {
      const faults = jointFaults(bits);
      found.push(...faults);
      details.push(`J${joint + 1} error ${hex(bits)}: ${faults.map(({ words }) => words).join(", ")}`);
    }
  }
  for (const [joint, enabled] of arm.jointEnabled.entries()) {
    if (!enabled) {
      found.push(DISABLED);
      details.push(`J${joint + 1} is ${DISABLED.words}`);
    }
  }
  const [first, ...others] = found;
  if (first === undefined) {
    return null;
  }
  return {
    detail: details.join("; "),
    acknowledgedBy: others.reduce((role, fault) => higher(role, fault.acknowledgedBy), first.acknowledgedBy),
    isOurs: found.some(({ isOurs }) => isOurs),
  };
}

/** What the bits of a joint's error word say, each bit once; what is left over is not known. */
function jointFaults(bits: number): readonly FaultCode[] {
  const found: FaultCode[] = [];
  let left = bits;
  for (const [mask, fault] of JOINT_FAULTS) {
    if ((left & mask) === mask) {
      left -= mask;
      found.push(fault);
    }
  }
  return left === 0 ? found : [...found, UNKNOWN_FAULT];
}

function hex(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
