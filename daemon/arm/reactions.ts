import type { Instant } from "../types/units.js";
import { bySeverity, type Finding } from "../watch/finding.js";
import { unfamiliarState } from "../watch/policy-conditions.js";
import { isByHand } from "../watch/report-conditions.js";
import type { ArmWatch } from "./arm-watch.js";
import type { Ladder } from "./ladder.js";
import type { Mandate } from "./mandate.js";
import type { SetpointSender } from "./setpoint-sender.js";
import type { Stopping } from "./stopping.js";

// Interlocks: ML-15, OP-06.

/** Where findings come from, and what they act on. */
interface Reacting {
  readonly mandate: Mandate;
  readonly sender: SetpointSender;
  readonly watch: ArmWatch;
  readonly ladder: Ladder;
  readonly stopping: Stopping;
}

/** Does what findings demand, which depends on what the arm does now. */
export class Reactions {
  readonly #parts: Reacting;

  constructor(parts: Reacting) {
    this.#parts = parts;
  }

  /** Does what is demanded by what is found now, the most severe first. */
  react(now: Instant): void {
    const { mandate, sender, watch, ladder, stopping } = this.#parts;
    const { authority, teleoperation } = mandate;
    const findings = [...watch.findings, ...teleoperation.findings(now)].sort(bySeverity);
    const foreign = findings.find(({ code }) => code === "foreign-motion");
    if (foreign !== undefined && mandate.mode === "standby") {
      // In a fault the vendor's pendant is the way out; what it may not do there is ML-15's.
      stopping.latch(isByHand(authority.arm?.status ?? "") ? null : "quick", foreign, now);
    }
    // What is found while nothing is streamed is told, too.
    const pace = ladder.pace(findings, now);
    sender.stream?.slowTo(pace);
    if (mandate.mode === "fault") {
      stopping.stopAgain(findings, now);
    }
    this.act(findings[0] ?? null, now);
  }

  /** Does what one finding demands; null for none. */
  act(finding: Finding | null, now: Instant): void {
    const { mandate, stopping } = this.#parts;
    if (finding === null) {
      return;
    }
    if (!mandate.engaged) {
      stopping.openAnew(finding, now);
      return;
    }
    const { reaction, code, detail } = finding;
    switch (reaction) {
      case "cut-supply":
      case "quick-stop":
        stopping.stop(code, detail, now);
        break;
      case "protective-stop":
        stopping.stopAtRest(finding, now);
        break;
      case "reset-link":
        stopping.resetLink(finding, now);
        break;
      case "ramp":
        stopping.leaveMotion(code, detail, now);
        break;
      case "slow":
      case "note":
        break;
      default:
        reaction satisfies never;
    }
  }

  /** The policy does not fit what the arm does: it comes to rest and stays there, whatever it does now. */
  misfit(detail: string, now: Instant): void {
    const { mandate, stopping } = this.#parts;
    const finding = unfamiliarState(detail);
    if (mandate.engaged || mandate.mode === "fault") {
      this.act(finding, now);
    } else {
      stopping.latch("slow", finding, now);
    }
  }
}
