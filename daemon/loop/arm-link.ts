import type { Observable } from "rxjs";
import type { ArmRequest, FromArm, ToArm } from "../types/arm-link.js";
import type { Instant } from "../types/units.js";

/** Whether the arm process is reachable. */
export type ArmLinkStatus =
  | { readonly kind: "connected"; readonly since: Instant }
  | { readonly kind: "disconnected"; readonly since: Instant; readonly reason: string };

/** Answer to a request; `epoch` is the one in force after it, -1 when the arm process did not answer. */
export interface ArmResult {
  readonly ok: boolean;
  readonly reason: string;
  readonly epoch: number;
}

/** The daemon's end of the line to the arm process. */
export interface ArmLink {
  /** What the arm process says, as it arrives; never errors. */
  readonly messages: Observable<FromArm>;
  /** Whether it is reachable; gives the present status on subscription, never errors. */
  readonly status: Observable<ArmLinkStatus>;
  /** Writes one message at once, before this returns; false when there is no link. */
  send(message: ToArm): boolean;
  /** On subscription asks for a change of mode; gives the answer, or `ok: false` with the reason why there is none. */
  request(request: ArmRequest, lease: number): Observable<ArmResult>;
  close(): void;
}
