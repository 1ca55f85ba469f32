import type { Instant } from "../../../daemon/types/units.js";
import type { History } from "../../../drivers/virtual-lab/controller/history-record.js";

/** Something that an operator's client said or heard, stamped by the client. */
export interface OperatorEvent {
  readonly at: Instant;
  readonly client: string;
  readonly direction: "sent" | "heard";
  /** Message type on the wire. */
  readonly type: string;
  /** Ties a reply to its request; null for news that nobody asked for. */
  readonly id: number | null;
  readonly lease: number | null;
}

/** What the daemon said about itself, for people. */
export interface Report {
  /** On the daemon's clock, which is the host's. */
  readonly at: Instant;
  readonly mode: string;
  readonly epoch: number;
  readonly source: string | null;
  /** Newest first. */
  readonly stops: readonly { readonly code: string; readonly at: Instant; readonly latched: boolean }[];
}

/** Everything recorded about one run; all instants are on the host's monotonic clock, each list oldest first. */
export interface RunHistory extends History {
  readonly operator: readonly OperatorEvent[];
  readonly reports: readonly Report[];
  /** When bytes of operators passed the line towards the daemon. */
  readonly operatorBytes: readonly Instant[];
  readonly audit: AuditGain;
}

/** What the audit log gained in a run. */
export interface AuditGain {
  /** Message types that it says were accepted, in its order. */
  readonly accepted: readonly string[];
  /** What is wrong with its chain, in words; null when it is whole. */
  readonly flaw: string | null;
}

/** A promise that the recorded history breaks. */
export interface Violation {
  readonly check: "C1" | "C2" | "C4" | "C5" | "C6" | "C7" | "C8";
  readonly at: Instant;
  readonly detail: string;
}

/** A motion was asked for, or a stop acknowledged; what came before it may not move the arm any more. */
export const RELEASES: readonly string[] = ["acknowledge", "instruct", "home", "resume", "recover"];

/** Commands that stop the arm. */
export const STOPS: readonly string[] = ["set_arm_stop", "set_arm_slow_stop", "set_arm_emergency_stop"];

/** Instants at which an operator asked for a motion or acknowledged a stop, and was not refused. */
export function releases({ operator }: RunHistory): readonly Instant[] {
  return operator
    .filter(({ direction, type }) => direction === "sent" && RELEASES.includes(type))
    .filter((sent) => !operator.some((heard) => isReply(heard, sent) && heard.type === "refused"))
    .map(({ at }) => at);
}

/** True where `heard` answers `sent`. */
export function isReply(heard: OperatorEvent, sent: OperatorEvent): boolean {
  return heard.direction === "heard" && heard.client === sent.client && heard.id !== null && heard.id === sent.id;
}
