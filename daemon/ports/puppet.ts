import type { DriverError } from "../types/driver-error.js";
import type { PuppetIdentity, PuppetSample } from "../types/puppet.js";

/** What a puppet tells its owner; called synchronously, must not block. */
export interface PuppetListener {
  onSample(sample: PuppetSample): void;
  /** The leader is gone; `connect` must be called again. */
  onLost(error: DriverError): void;
}

/** A leader arm that is read; nothing is ever commanded to it. */
export interface Puppet {
  /** Opens the line, finds out which leader it is, starts reading; throws DriverError. */
  connect(listener: PuppetListener): Promise<PuppetIdentity>;
  close(): Promise<void>;
}
