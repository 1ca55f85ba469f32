import type { Seconds } from "../types/units.js";

/**
 * Between arm process and guardian, over a Unix socket, one byte a message: both send `beat`. The arm process says
 * `goodbye` before it ends in order, and `cut` when the arm does not obey a stop; the guardian says `fired` when it has stopped
 * the arm.
 */
export const GUARDIAN_BYTE = { beat: 0x62, goodbye: 0x78, cut: 0x63, fired: 0x66 } as const;

/** Both sides beat this often (HO-04). */
export const BEAT_PERIOD: Seconds = 0.02;

/**
 * The guardian stops the arm when the arm process has been silent for so many of the guardian's own beats: 100 ms
 * (HO-04). Counted in beats, a pause of the whole machine is no silence.
 */
export const SILENT_BEATS = 5;
