import type { DriverError } from "../../daemon/types/driver-error.js";

/** What a link tells its owner; never called again after the owner has reset or closed it. */
export interface LinkListener {
  /** Bytes as they arrive, valid only during the call. */
  onBytes(bytes: Buffer): void;
  onLost(error: DriverError): void;
}

/** A byte stream to the arm's controller: a TCP connection or a serial line. */
export interface ArmLink {
  /** This host's address on the link; null on a serial line. */
  readonly localAddress: string | null;
  /** The controller's address; null on a serial line. */
  readonly remoteAddress: string | null;
  /** True when the operating system keeps up: what was written before does not wait. */
  isIdle(): boolean;
  /** Hands bytes to the operating system at once if it takes them; never throws. */
  write(bytes: Buffer): void;
  /** Drops the link and what is still unsent in it: a reset (RST) on TCP. */
  reset(): void;
  /** Ends the link after what was written. */
  close(): Promise<void>;
}
