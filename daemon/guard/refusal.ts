/** The check that refused. */
export type RefusalCode =
  | "not-finite"
  | "position"
  | "step"
  | "velocity"
  | "acceleration"
  | "jerk"
  | "speed-rises"
  | "first-setpoint"
  | "following-error"
  | "state-stale"
  | "arm-fault"
  | "mode-forbids"
  | "operator-lost"
  | "leader-lost"
  | "guardian-lost"
  | "off-schedule"
  | "old-epoch"
  | "latched"
  | "cartesian-speed"
  | "workspace"
  | "table"
  | "self-collision";

/** What must happen: ramp down to a hold, or stop the arm at once and latch. */
export type Reaction = "ramp" | "quick-stop";

/** One reason against a setpoint. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly reaction: Reaction;
  /** What was found, in words. */
  readonly detail: string;
}

/** An angle or a rate of one in the unit that operators read: degrees with two decimals, from radians. */
export function degrees(radians: number): string {
  return ((radians * 180) / Math.PI).toFixed(2);
}

/** A length of time in whole milliseconds, from seconds. */
export function milliseconds(time: number): string {
  return `${(time * 1000).toFixed(0)} ms`;
}
