import type { Notice } from "../types/arm-link.js";
import type { Instant } from "../types/units.js";
import type { Finding } from "../watch/finding.js";
import type { WatchLimits } from "../watch/watch-limits.js";
import { STOP_HINT } from "./stop-codes.js";

/** The lower rungs of the reaction ladder: tells what is found, and at which pace motion goes on. */
export class Ladder {
  readonly #slow: WatchLimits["slow"];
  readonly #onFinding: (finding: Finding) => void;
  #found: readonly Finding[] = [];
  #slowUntil: Instant = -Infinity;

  /** `onFinding` is told once of each finding, and again when it has been gone. */
  constructor(slow: WatchLimits["slow"], onFinding: (finding: Finding) => void) {
    this.#slow = slow;
    this.#onFinding = onFinding;
  }

  /** What is found at present, in the operator's words. */
  get notices(): readonly Notice[] {
    return this.#found.map(({ code, detail }) => ({ code, detail, hint: STOP_HINT[code] }));
  }

  /** The part of its pace at which motion goes: less while anything asks for it, and for a while after that. */
  pace(findings: readonly Finding[], now: Instant): number {
    for (const finding of findings) {
      if (!this.#found.some(({ code, reaction }) => code === finding.code && reaction === finding.reaction)) {
        this.#onFinding(finding);
      }
    }
    this.#found = findings;
    if (findings.some(({ reaction }) => reaction === "slow")) {
      this.#slowUntil = now + this.#slow.lasting;
    }
    return now <= this.#slowUntil ? this.#slow.pace : 1;
  }
}
