import type { ArmReport } from "../types/arm-link.js";
import type { PuppetSample } from "../types/puppet.js";
import type { Setpoint } from "../types/setpoint.js";
import { type Instant, jointPosition, type Seconds } from "../types/units.js";
import type { Ladder } from "./ladder.js";
import type { Mandate } from "./mandate.js";
import type { SetpointSender } from "./setpoint-sender.js";
import type { StopLog } from "./stop-log.js";
import type { SupervisorOptions } from "./supervisor-options.js";

/** Reports go to the daemon this often. */
const REPORT_PERIOD: Seconds = 0.02;

/** What reports are made of. */
interface Reported {
  readonly mandate: Mandate;
  readonly sender: SetpointSender;
  readonly stops: StopLog;
  readonly ladder: Ladder;
}

/** Tells the daemon the present state, and what was sent and read since the last time. */
export class ArmReporter {
  readonly #options: Pick<SupervisorOptions, "tell" | "period" | "gripper" | "counters">;
  readonly #reported: Reported;
  #reportedAt: Instant = -Infinity;
  /** The leader's readings since the last report. */
  #read: PuppetSample[] = [];
  /** Permitted since the last report. */
  #sent: Setpoint[] = [];

  constructor(options: Pick<SupervisorOptions, "tell" | "period" | "gripper" | "counters">, reported: Reported) {
    this.#options = options;
    this.#reported = reported;
  }

  /** The leader arm was read. */
  read(sample: PuppetSample): void {
    this.#read.push(sample);
  }

  /** A setpoint was sent. */
  sent(setpoint: Setpoint): void {
    this.#sent.push(setpoint);
  }

  /** Reports in the tick that is nearest to the end of the period. */
  reportIfDue(now: Instant): void {
    if (now - this.#reportedAt >= REPORT_PERIOD - this.#options.period / 2) {
      this.report(now);
    }
  }

  /** Sends a report of the present state. */
  report(now: Instant): void {
    this.#reportedAt = now;
    if (this.#read.length > 0) {
      this.#options.tell({ kind: "leader-samples", samples: this.#read });
      this.#read = [];
    }
    this.#options.tell({ kind: "state", state: this.#state(now) });
    if (this.#sent.length > 0) {
      this.#options.tell({ kind: "setpoints", setpoints: this.#sent });
      this.#sent = [];
    }
  }

  #state(now: Instant): ArmReport {
    const { mandate, sender, stops, ladder } = this.#reported;
    const { authority, teleoperation } = mandate;
    const { arm } = authority;
    const { stream } = sender;
    return {
      at: now,
      mode: mandate.mode,
      epoch: mandate.epoch,
      source: stream?.source ?? null,
      holdToRun: mandate.holdToRun(now),
      measured: arm?.measured ?? null,
      measuredAge: arm === null ? null : authority.armAge(now),
      commanded: stream === null ? (arm?.measured ?? null) : jointPosition(stream.commanded),
      reference: stream === null ? (arm?.measured ?? null) : jointPosition(stream.reference(now).q),
      gripper: this.#options.gripper.state(),
      teleop: teleoperation.report(mandate.planned, now),
      pendingTargets: stream?.targetsAhead ?? 0,
      stops: stops.stops,
      notices: ladder.notices,
      armStatus: arm?.status ?? "not connected",
      stream: { ...this.#options.counters(), refusals: sender.refusals },
    };
  }
}
