import { type Observable, of } from "rxjs";
import type { Policy } from "../ports/policy.js";
import type { Fault } from "../ports/task-news.js";

// Interlocks: PO-11, PO-18.

/**
 * Why no policy may begin to move the arm now, also one that was paused: for want of calibration, or because its bundle is
 * no longer what was loaded. null when one may.
 */
export function policyBarred(calibration: Fault | null, policy: Pick<Policy, "altered">): Observable<string | null> {
  return calibration === null ? policy.altered() : of(calibration.detail);
}
