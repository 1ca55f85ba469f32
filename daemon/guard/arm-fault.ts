import type { ArmState } from "../types/arm-state.js";

// Interlocks: AR-01, AR-02, AR-07.

/**
 * What is wrong with the arm by its own account, in words; null when nothing is. Every non-zero code counts, known or
 * not, because the controller clears its own errors with the next motion command.
 */
export function armFault(arm: ArmState): string | null {
  const faults: string[] = [];
  for (const code of arm.systemErrors) {
    if (code !== 0) {
      faults.push(`system error ${hex(code)}`);
    }
  }
  for (const [joint, bits] of arm.jointErrors.entries()) {
    if (bits !== 0) {
      faults.push(`J${joint + 1} error ${hex(bits)}`);
    }
  }
  for (const [joint, enabled] of arm.jointEnabled.entries()) {
    if (!enabled) {
      faults.push(`J${joint + 1} is not enabled`);
    }
  }
  return faults.length === 0 ? null : faults.join(", ");
}

function hex(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
