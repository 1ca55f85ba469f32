import type { Instant } from "../types/units.js";
import type { Finding } from "./finding.js";
import type { ChunkLimits } from "./watch-limits.js";

// Interlocks: ML-01, ML-03, PO-01, PO-02, PO-04.

/** Why a chunk is not followed. */
export type ChunkRefusalCode =
  | "old-epoch"
  | "out-of-order"
  | "too-old"
  | "future"
  | "outside"
  | "uneven"
  | "too-fast"
  | "expired"
  | "too-far"
  | "not-yet"
  | "ramp"
  | "mode";

/** Refusals in a row that are the policy's own doing. */
export interface RefusalRun {
  readonly outside: number;
  readonly jumps: number;
  /** When something that was no chunk came last. */
  readonly garbageAt: Instant;
}

export const NO_REFUSALS: RefusalRun = { outside: 0, jumps: 0, garbageAt: -Infinity };

/** Counts a chunk that was taken (null) or refused, and says what that amounts to. */
export function chunkJudged(
  run: RefusalRun,
  code: ChunkRefusalCode | null,
  limits: ChunkLimits,
): readonly [RefusalRun, Finding | null] {
  const outside = code === "outside" || code === "too-fast" ? run.outside + 1 : code === null ? 0 : run.outside;
  const jumps = code === "too-far" ? run.jumps + 1 : code === null ? 0 : run.jumps;
  const next = { ...run, outside, jumps };
  if (jumps >= limits.jumpsInRow) {
    return [next, finding("PO-04", "policy-jumps", `${jumps} chunks in a row were too far from the command`)];
  }
  if (outside >= limits.outsideInRow) {
    return [next, finding("PO-02", "policy-out-of-range", `${outside} chunks in a row went beyond the limits`)];
  }
  return [next, null];
}

/** Counts something that was sent as a chunk and was none. */
export function garbageCame(run: RefusalRun, now: Instant, limits: ChunkLimits): readonly [RefusalRun, Finding | null] {
  const again = now - run.garbageAt <= limits.garbageWithin;
  const detail = `twice within ${limits.garbageWithin} s something came that is no chunk`;
  return [
    { ...run, garbageAt: now },
    again ? { id: "PO-01", code: "policy-garbage", reaction: "protective-stop", detail } : null,
  ];
}

function finding(id: string, code: Finding["code"], detail: string): Finding {
  return { id, code, reaction: "ramp", detail };
}
