import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

// Interlocks: PO-18.

const schema = z.strictObject({
  format: z.literal("kinevla-calibration-doubt-1"),
  /** Wall time, ISO 8601: what was measured before may be wrong. */
  since: z.iso.datetime(),
  /** What happened, in words. */
  why: z.string().min(1),
  /** Who found that the calibrations still hold, and when; null for nobody. */
  confirmed: z.strictObject({ at: z.iso.datetime(), by: z.string().min(1) }).nullable(),
});

/** Something happened that may have moved cameras, table or arm. */
export type CalibrationDoubt = z.infer<typeof schema>;

/** Where it is kept: beside the calibrations, so that it is there after every restart. */
export function doubtPath(folder: string): string {
  return join(folder, "doubt.json");
}

/** What was noted last; null where nothing ever happened. A note that cannot be read doubts everything. */
export function readDoubt(folder: string): CalibrationDoubt | null {
  const path = doubtPath(folder);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT"
      ? null
      : unreadable(path, String(error));
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return unreadable(path, "it holds no such note");
  }
}

/** Longest instant of an ISO date: no calibration is younger. */
const ALWAYS = "9999-12-31T00:00:00Z";

function unreadable(path: string, why: string): CalibrationDoubt {
  const words = `${path} may say that something happened, and cannot be read (${why})`;
  return { format: "kinevla-calibration-doubt-1", since: ALWAYS, why: words, confirmed: null };
}

/** Notes that something happened; `at` in ms since 1970. Throws what the file system says. */
export function noteDoubt(folder: string, why: string, at: number): void {
  write(folder, {
    format: "kinevla-calibration-doubt-1",
    since: new Date(at).toISOString(),
    why,
    confirmed: null,
  });
}

/** Somebody has looked: what was calibrated before still holds. `at` in ms since 1970; throws what the file system says. */
export function confirmCalibrations(folder: string, doubt: CalibrationDoubt, by: string, at: number): void {
  const confirmed = { at: new Date(at).toISOString(), by };
  const since = doubt.since === ALWAYS ? confirmed.at : doubt.since;
  write(folder, { ...doubt, since, confirmed });
}

function write(folder: string, doubt: CalibrationDoubt): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const fresh = `${doubtPath(folder)}.new`;
  writeFileSync(fresh, `${JSON.stringify(doubt, null, 2)}\n`);
  renameSync(fresh, doubtPath(folder));
}
