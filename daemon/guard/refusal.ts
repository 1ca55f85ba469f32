/** The check that refused. */
export type RefusalCode =
  | "not-finite"
  | "position"
  | "step"
  | "velocity"
  | "acceleration"
  | "speed-rises"
  | "first-setpoint"
  | "following-error"
  | "state-stale"
  | "arm-fault"
  | "mode-forbids"
  | "operator-lost"
  | "guardian-lost"
  | "off-schedule"
  | "old-epoch"
  | "latched";

/** What must happen: ramp down to a hold, or stop the arm at once and latch. */
export type Reaction = "ramp" | "quick-stop";

/** One reason against a setpoint. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly reaction: Reaction;
  /** What was found, in words. */
  readonly detail: string;
}
