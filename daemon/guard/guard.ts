import type { Setpoint } from "../types/setpoint.js";

declare const permitted: unique symbol;

/** A setpoint that the guard allowed for this tick; only the guard can make one. */
export type PermittedSetpoint = Setpoint & { readonly [permitted]: true };
