import type { Outcome } from "../operator/backend.js";
import type { ArmReport } from "../types/arm-link.js";

/** Something that was asked for is not done, and what to do about it. */
export function refused(reason: string, hint = "Run `kinevla doctor` if it is not clear what to do."): Outcome {
  return { kind: "refused", reason, hint };
}

/** Why the arm can take no motion now; null when it may be asked for one. */
export function cannotMove(report: ArmReport | null): Outcome | null {
  if (report === null || report.mode === "disconnected") {
    return refused("There is no link to the arm.");
  }
  return report.mode === "fault" || report.mode === "recovery"
    ? refused(`The arm is stopped: ${report.stops[0]?.detail ?? "no reason given"}`, "Acknowledge the stop first.")
    : null;
}
