import type { PermittedSetpoint } from "../guard/guard.js";
import type { ArmIdentity, ArmState } from "../types/arm-state.js";
import type { DriverError } from "../types/driver-error.js";

/** How to stop: at once on the controller's fastest ramp, or decelerating on the path. */
export type StopKind = "quick" | "slow";

/** What an arm tells its owner; called synchronously, must not block. */
export interface ArmListener {
  onState(state: ArmState): void;
  /** The link is gone; `connect` must be called again. */
  onLost(error: DriverError): void;
}

/** The only connection that commands the arm. */
export interface Arm {
  /** Opens the link, reads the arm's identity back, starts the state push; throws DriverError. */
  connect(listener: ArmListener): Promise<ArmIdentity>;
  /** Writes one setpoint frame at once; never queues. */
  send(setpoint: PermittedSetpoint): void;
  /** Writes a stop before anything else; needs no permission and never throws. */
  stop(kind: StopKind): void;
  /** Clears latched joint and system errors and enables the joints; throws DriverError when the arm refuses. */
  clearFaults(): Promise<void>;
  /** Drops the link with a reset, so that nothing queued in it is replayed. */
  reset(): void;
  /** Ends the link in order. */
  close(): Promise<void>;
}
