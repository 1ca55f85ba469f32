import type { JsonObject } from "./json-object.js";

/** A device at the flange that is spoken to through the arm's controller, on the connection for queries. */
export interface ToolDevice {
  /** The arm is connected; `write` reaches its controller until `disconnected`. */
  connected(write: (bytes: Buffer) => void): void;
  disconnected(): void;
  /** Every message of that connection that answers no query of the arm's driver. */
  hear(message: JsonObject): void;
}
