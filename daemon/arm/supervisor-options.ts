import type { Arm } from "../ports/arm.js";
import type { Gripper } from "../ports/gripper.js";
import type { FromArm, StopReport, StreamCounters } from "../types/arm-link.js";
import type { Instant, JointPosition, Seconds } from "../types/units.js";
import type { Finding } from "../watch/finding.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import type { FlightEntry } from "./flight-log.js";
import type { TeleoperationOptions } from "./teleoperation.js";

/** What the supervisor works with. */
export interface SupervisorOptions {
  readonly arm: Arm;
  readonly gripper: Gripper;
  /** Of the stream. */
  readonly period: Seconds;
  readonly home: JointPosition;
  readonly limits: ArmLimits;
  /** Motion needs the hold-to-run control, unless a supervisor allows it without. */
  readonly holdToRun: boolean;
  /** null for a cell without a leader arm. */
  readonly teleop: TeleoperationOptions | null;
  /**
   * Waits for a setpoint's instant, so that planning and guarding do not show in the stream; not at all when it is past.
   * Gives the instant at which that is over.
   */
  readonly untilDue: (dueAt: Instant) => Instant;
  /** Towards the daemon; must not block. */
  readonly tell: (message: FromArm) => void;
  /** The link to the arm has to be opened anew. */
  readonly onLinkDead: () => void;
  /** The arm does not obey its stop: its supply is to go, where something can open it. */
  readonly cutSupply: () => void;
  /** For the log, outside the tick: why it stopped, and the last ticks before. */
  readonly onStop: (stop: StopReport, flight: readonly FlightEntry[]) => void;
  /** For the log, outside the tick: something is found that was not found before. */
  readonly onFinding: (finding: Finding) => void;
  readonly counters: () => Omit<StreamCounters, "refusals">;
  /** Which part of the ticks of the last minute came too late. */
  readonly lateShare: () => number;
}
