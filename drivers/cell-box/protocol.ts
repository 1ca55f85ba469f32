import type { Seconds } from "../../daemon/types/units.js";

/** One byte a message, on TCP. */
export const CELL_BYTE = { open: 0x30, closed: 0x31, pulse: 0x70 } as const;

/** The box says how its switch is at least this often. */
export const TOLD_EVERY: Seconds = 0.05;

/** A box that was silent for this long says open; a relay without pulses for this long opens (reference catalogue §2.6). */
export const SILENT_AFTER: Seconds = 0.2;
