import type { Clock } from "../../daemon/ports/clock.js";
import type { Seconds } from "../../daemon/types/units.js";
import type { ArmDescription } from "./arm-description.js";
import type { ToolDescription } from "./tool-description.js";
import type { ToolDevice } from "./tool-device.js";

/** How an RM75 is reached and what it must be. */
export interface Rm75Options {
  readonly link:
    | { readonly kind: "tcp"; readonly host: string; readonly port: number }
    | { readonly kind: "serial"; readonly path: string; readonly baudRate: number };
  /** Where the arm pushes its state over UDP: an address of this host. On a serial link the state is polled instead. */
  readonly push: { readonly host: string; readonly port: number; readonly period: Seconds };
  /** What the arm must report of itself. */
  readonly expected: ArmDescription;
  /** What it must count with at its flange; where it does not, its state says so (`ArmState.link.tool`). */
  readonly tool: ToolDescription;
  /** Devices at the flange. */
  readonly tools: readonly ToolDevice[];
  readonly clock: Clock;
}
