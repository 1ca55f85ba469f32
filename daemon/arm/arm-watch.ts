import type { ArmState, GripperHealth } from "../types/arm-state.js";
import type { Mode } from "../types/mode.js";
import type { Resources, WatchedProcess } from "../types/resources.js";
import type { Instant, JointVector, Seconds } from "../types/units.js";
import { clockConditions, type Punctuality } from "../watch/clock-conditions.js";
import { type Condition, raise, type Since } from "../watch/condition.js";
import { bySeverity, type Finding } from "../watch/finding.js";
import { gripperConditions } from "../watch/gripper-conditions.js";
import { healthConditions, type Warmth, warmthIn } from "../watch/health-conditions.js";
import { type History, measuredIn, NO_HISTORY, sentIn } from "../watch/history.js";
import { motionConditions } from "../watch/motion-conditions.js";
import { type Belief, believe, isDisordered, NO_BELIEF } from "../watch/plausible.js";
import {
  type Demanded,
  type Demands,
  demandedIn,
  demandsSince,
  NO_DEMANDS,
  policyConditions,
} from "../watch/policy-conditions.js";
import { isByHand, NO_SAMENESS, reportConditions, type Sameness, sameIn } from "../watch/report-conditions.js";
import { resourceConditions } from "../watch/resource-conditions.js";
import {
  type Calm,
  calmIn,
  isCalm,
  type StopTold,
  stopConditions,
  stopIn,
  stopTold,
} from "../watch/stop-conditions.js";
import type { ArmLimits } from "../watch/watch-limits.js";

/** What the stream does in a tick. */
export interface TickFacts extends Punctuality {
  readonly mode: Mode;
  /** One pose is streamed, or the arm was stopped. */
  readonly stands: boolean;
  /** The one pose that is streamed, rad; null while the stream moves or there is none. */
  readonly toldToStand: JointVector | null;
  readonly demanded: Demanded | null;
  readonly gripper: GripperHealth;
}

type TableName = "motion" | "health" | "report" | "policy" | "clock" | "gripper" | "stop" | WatchedProcess;

interface Table {
  readonly since: Since;
  readonly findings: readonly Finding[];
}

const NOTHING: Table = { since: [], findings: [] };
const NO_TABLES: Readonly<Record<TableName, Table>> = {
  motion: NOTHING,
  health: NOTHING,
  report: NOTHING,
  policy: NOTHING,
  clock: NOTHING,
  gripper: NOTHING,
  stop: NOTHING,
  "arm process": NOTHING,
  daemon: NOTHING,
};

/** Remembers what the tables of `watch/` are judged by, and has them judged: some with each report, some in each tick. */
export class ArmWatch {
  readonly #limits: ArmLimits;
  readonly #period: Seconds;
  #tables = NO_TABLES;
  #belief: Belief = NO_BELIEF;
  #jumped: Finding | null = null;
  #history: History = NO_HISTORY;
  #same: Sameness = NO_SAMENESS;
  #warmth: readonly Warmth[] = [];
  #demands: Demands = NO_DEMANDS;
  #standsSince: Instant = Infinity;
  #stoodAt: JointVector | null = null;
  /** Since when it has been no farther than a little from one pose, wherever that is. */
  #calm: Calm | null = null;
  /** Where the arm began to be brought back; says something in mode recovery only. */
  #recoversFrom: JointVector | null = null;
  /** A stop that the arm has not settled after; null for none. */
  #stop: StopTold | null = null;

  constructor(limits: ArmLimits, period: Seconds) {
    this.#limits = limits;
    this.#period = period;
  }

  /** Everything that is found now, the most severe first. */
  get findings(): readonly Finding[] {
    const found = Object.values(this.#tables).flatMap(({ findings }) => findings);
    return (this.#jumped === null ? found : [...found, this.#jumped]).sort(bySeverity);
  }

  /** Takes a report of the arm; false when it cannot follow the one before and must not be used. */
  report(state: ArmState, mode: Mode, now: Instant): boolean {
    const { watch, cell } = this.#limits;
    const { belief, believed, finding } = believe(this.#belief, state, watch.jump);
    this.#belief = belief;
    this.#jumped = finding;
    if (believed === "no") {
      return false;
    }
    this.#history = measuredIn(believed === "anew" ? NO_HISTORY : this.#history, state, cell);
    this.#same = sameIn(this.#same, state);
    this.#warmth = warmthIn(this.#warmth, state.health, now);
    this.#judge("report", reportConditions(this.#same, this.#history, watch), now);
    this.#judge("health", healthConditions(state.health, this.#warmth, watch), now);
    this.#judgeMotion(mode, now);
    this.#calm = calmIn(this.#calm, state.measured, now, watch);
    this.#stop = this.#stop === null ? null : stopIn(this.#stop, this.#history, now, watch);
    const activity = { status: state.status, foreign: this.#foreign };
    this.#judge("stop", stopConditions(this.#history, this.#stop, activity, now, watch), now);
    return true;
  }

  /** A setpoint was sent. */
  sent(q: JointVector, at: Instant): void {
    this.#history = sentIn(this.#history, q, at);
  }

  /** The arm was told to stop at once; it has to stand soon. */
  stopped(now: Instant): void {
    this.#stop = stopTold(null, now);
    this.#restAt(Infinity);
  }

  /** It was told to stop again; where it had settled already, it stays what it was to stand still at. */
  stoppedAgain(now: Instant): void {
    if (this.#stop !== null) {
      this.#stop = stopTold(this.#stop, now);
      this.#restAt(Infinity);
    }
  }

  /** The arm has stood where it was stopped for long enough to be believed. */
  get stands(): boolean {
    return this.#stoodAt !== null;
  }

  /** A stream begins: what was sent before, perhaps from elsewhere, is no way that the arm was to go now. */
  streamBegins(): void {
    this.#history = { ...this.#history, sent: [] };
  }

  /** The arm begins to be brought back from where it is: what it is outside its limits by is no reason to stop it. */
  recoveryBegins(now: Instant): void {
    this.#recoversFrom = this.#history.poses.at(-1)?.q ?? null;
    this.#judgeMotion("recovery", now);
  }

  /** A policy begins to move the arm. */
  policyBegins(now: Instant): void {
    this.#demands = demandsSince(now);
  }

  /** A policy has pictures that were taken then. */
  pictures(capturedAt: Instant, now: Instant): void {
    this.#demands = { ...this.#demands, pictureAt: Math.min(capturedAt, now) };
  }

  /** The link is gone: what was known says nothing of what comes. */
  forget(): void {
    // The processes are what they were.
    const { daemon, "arm process": own } = this.#tables;
    this.#tables = { ...NO_TABLES, daemon, "arm process": own };
    this.#belief = NO_BELIEF;
    this.#jumped = null;
    this.#history = NO_HISTORY;
    this.#same = NO_SAMENESS;
    this.#warmth = [];
    this.#restAt(Infinity);
    this.#stop = null;
    this.#calm = null;
  }

  /** A process has read what it uses; null when it is gone. */
  used(process: WatchedProcess, used: Resources | null, now: Instant): void {
    this.#judge(process, resourceConditions(process, used, this.#limits.watch.resources), now);
  }

  /** Judges what changes with time and with what is streamed. */
  tick(facts: TickFacts, now: Instant): void {
    const { watch, chunks } = this.#limits;
    const { mode, demanded, gripper } = facts;
    this.#demands = mode === "policy" ? demandedIn(this.#demands, demanded, this.#period, watch) : NO_DEMANDS;
    this.#judge("policy", policyConditions(this.#demands, now, this.#period, watch, chunks), now);
    this.#judge("clock", clockConditions(facts, watch), now);
    this.#judge("gripper", mode === "policy" ? gripperConditions(gripper, now, watch.gripper) : [], now);
    this.#rest(facts, now);
  }

  /** Notes since when the arm should stand, and where it does once it has settled. */
  #rest({ mode, stands, toldToStand }: TickFacts, now: Instant): void {
    const free = this.#stop === null || isByHand(this.#same.report?.status ?? "");
    const driven = mode === "fault" && this.#foreign && free;
    if (!stands || driven) {
      // Whoever moves the arm out of a fault by its pendant is not to be stopped for it, once it has settled after its stop.
      this.#restAt(Infinity);
      this.#stop = driven || mode !== "fault" ? null : this.#stop;
      return;
    }
    this.#standsSince = Math.min(this.#standsSince, now);
    const settled = now - this.#standsSince >= this.#limits.watch.standstill.settled;
    if (settled && this.#stoodAt === null && this.#tables.stop.findings.length === 0) {
      // An arm that drifts as soon as it rests has left the pose by now that it was told.
      this.#stoodAt = toldToStand ?? this.#history.poses.at(-1)?.q ?? null;
      this.#stop = null;
    }
    const moved = mode === "fault" && this.#tables.motion.findings.some(({ code }) => code === "moves-unasked");
    if (moved && this.#calm !== null && isCalm(this.#calm, now)) {
      // It slipped or was pushed, and stands again: that was told, and whoever has looked at it may acknowledge it.
      this.#stoodAt = this.#calm.at;
    }
  }

  /** The arm says that it does something that this program did not ask for. */
  get #foreign(): boolean {
    return this.#tables.report.findings.some(({ code }) => code === "foreign-motion");
  }

  #judgeMotion(mode: Mode, now: Instant): void {
    const recoversFrom = mode === "recovery" ? this.#recoversFrom : null;
    const disordered = isDisordered(this.#belief, now, this.#limits.watch.jump);
    const situation = { now, mode, disordered, standsSince: this.#standsSince, stoodAt: this.#stoodAt, recoversFrom };
    this.#judge("motion", motionConditions(this.#history, situation, this.#limits), now);
  }

  #restAt(since: Instant): void {
    this.#standsSince = since;
    this.#stoodAt = null;
  }

  #judge(name: TableName, conditions: readonly Condition[], now: Instant): void {
    const [since, findings] = raise(this.#tables[name].since, conditions, now);
    this.#tables = { ...this.#tables, [name]: { since, findings } };
  }
}
