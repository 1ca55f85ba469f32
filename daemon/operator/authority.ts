import type { Instant, Seconds } from "../types/units.js";

// Interlocks: OP-01, OP-03, OP-05, SE-08.

/** A lease lapses this long after its last beat (reference/safety.md §5, item 6). */
export const LEASE_TTL: Seconds = 1;

/** How often the holder beats (OP-01: 20 Hz), so that one beat may be lost in 200 ms; twenty fit into a lease. */
export const BEAT_PERIOD: Seconds = 0.05;

/** Control of the arm, held by one client. */
export interface Lease {
  /** Fencing number; grows with every lease ever granted. */
  readonly number: number;
  readonly client: number;
  readonly name: string;
  readonly renewedAt: Instant;
  /** Highest sequence number seen. */
  readonly sequence: number;
}

/** Who is in control. */
export interface Authority {
  readonly lastNumber: number;
  readonly lease: Lease | null;
}

/** Whether something asked for with a lease is admitted. */
export type Admission =
  | { readonly kind: "admitted"; readonly authority: Authority; readonly lease: Lease }
  | {
      readonly kind: "refused";
      readonly code: "control-held" | "no-control" | "lease-lapsed" | "out-of-order";
      readonly message: string;
    };

/** Nobody in control; numbers of new leases start above `lastNumber`. */
export function nobodyInControl(lastNumber: number): Authority {
  return { lastNumber, lease: null };
}

/** Gives control to a client, unless another one holds it; asking again gives the same lease. */
export function takeControl(authority: Authority, client: number, name: string, now: Instant): Admission {
  const held = authority.lease;
  if (held !== null && held.client !== client) {
    return { kind: "refused", code: "control-held", message: `${held.name} is in control` };
  }
  const lease: Lease =
    held === null
      ? { number: authority.lastNumber + 1, client, name, renewedAt: now, sequence: -1 }
      : { ...held, renewedAt: now };
  return { kind: "admitted", lease, authority: { lastNumber: lease.number, lease } };
}

/** Checks that a message comes from the present holder and in order. */
export function admit(authority: Authority, client: number, number: number, sequence: number): Admission {
  const held = authority.lease;
  if (held === null || held.client !== client) {
    return number <= authority.lastNumber && number > 0 && held === null
      ? { kind: "refused", code: "lease-lapsed", message: `lease ${number} has lapsed` }
      : {
          kind: "refused",
          code: "no-control",
          message: held === null ? "nobody is in control" : `${held.name} is in control`,
        };
  }
  if (held.number !== number) {
    return {
      kind: "refused",
      code: "lease-lapsed",
      message: `lease ${number} is not the present one (${held.number})`,
    };
  }
  if (sequence <= held.sequence) {
    return {
      kind: "refused",
      code: "out-of-order",
      message: `sequence ${sequence} came after ${held.sequence} of the same lease`,
    };
  }
  const lease = { ...held, sequence };
  return { kind: "admitted", lease, authority: { ...authority, lease } };
}

/** Counts a beat of the present holder. */
export function renewLease(authority: Authority, now: Instant): Authority {
  return authority.lease === null ? authority : { ...authority, lease: { ...authority.lease, renewedAt: now } };
}

/** Ends the present lease; its number is never used again. */
export function endLease(authority: Authority): Authority {
  return { ...authority, lease: null };
}

/** True when the holder has been silent for too long. */
export function hasLapsed(authority: Authority, now: Instant): boolean {
  return authority.lease !== null && now - authority.lease.renewedAt > LEASE_TTL;
}
