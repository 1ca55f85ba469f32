import type { AuditEntry } from "../audit/audit-chain.js";

/** Where it is recorded who asked for what and what became of it; recording takes no time and never fails. */
export interface AuditTrail {
  record(entry: AuditEntry): void;
}
