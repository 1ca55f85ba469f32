import type { Notice } from "../types/arm-link.js";
import type { Instant, Seconds } from "../types/units.js";
import { bars, type Finding } from "../watch/finding.js";
import type { WatchLimits } from "../watch/watch-limits.js";
import { STOP_HINT } from "./stop-codes.js";

/** People see a finding at least this long. */
const SHOWN: Seconds = 1;

/** A finding and the notice that was made of it when it was found first. */
interface Noted {
  readonly key: string;
  readonly notice: Notice;
  readonly seenAt: Instant;
}

/** The lower rungs of the reaction ladder: tells what is found, and at which pace motion goes on. */
export class Ladder {
  readonly #slow: WatchLimits["slow"];
  readonly #onFinding: (finding: Finding) => void;
  #noted: readonly Noted[] = [];
  #slowUntil: Instant = -Infinity;

  /** `onFinding` is told once of each finding, and again when it has been gone for a while. */
  constructor(slow: WatchLimits["slow"], onFinding: (finding: Finding) => void) {
    this.#slow = slow;
    this.#onFinding = onFinding;
  }

  /** What was found within the last second, in the operator's words. */
  get notices(): readonly Notice[] {
    return this.#noted.map(({ notice }) => notice);
  }

  /** The part of its pace at which motion goes: less while anything asks for it, and for a while after that. */
  pace(findings: readonly Finding[], now: Instant): number {
    if (findings.length > 0 || this.#noted.length > 0) {
      const found = findings.map((finding) => this.#note(finding, now));
      const gone = this.#noted.filter(({ key, seenAt }) => {
        return now - seenAt < SHOWN && !found.some((noted) => noted.key === key);
      });
      this.#noted = [...found, ...gone];
    }
    if (findings.some(({ reaction }) => reaction === "slow")) {
      this.#slowUntil = now + this.#slow.lasting;
    }
    return now <= this.#slowUntil ? this.#slow.pace : 1;
  }

  #note(finding: Finding, now: Instant): Noted {
    const { code, reaction, detail } = finding;
    const key = `${code}/${reaction}`;
    const before = this.#noted.find((noted) => noted.key === key);
    if (before !== undefined) {
      return { ...before, seenAt: now };
    }
    this.#onFinding(finding);
    const notice = { code, detail, hint: STOP_HINT[code], since: now, bars: bars(finding) };
    return { key, notice, seenAt: now };
  }
}
