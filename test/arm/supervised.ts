import { Supervisor } from "../../daemon/arm/supervisor.js";
import type { PermittedSetpoint } from "../../daemon/guard/guard.js";
import type { ArmReport, ArmRequest, FromArm, StopReport } from "../../daemon/types/arm-link.js";
import { type ArmState, QUIET_LINK } from "../../daemon/types/arm-state.js";
import type { Chunk } from "../../daemon/types/chunk.js";
import type { PuppetCalibration } from "../../daemon/types/puppet.js";
import type { Role } from "../../daemon/types/role.js";
import type { TeleopEnabling } from "../../daemon/types/teleop.js";
import { type JointPosition, type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import type { Finding } from "../../daemon/watch/finding.js";
import type { ArmLimits } from "../../daemon/watch/watch-limits.js";
import { LIMITS } from "../limits.js";
import { CALIBRATION, DEGREE, LEADER, reading } from "../teleop/leader.js";
import { RecordingArm, RecordingGripper, type Wire } from "./recording-arm.js";

export const PERIOD = 0.01;
export const START = jointPosition([0.1, -0.2, 0.05, 1.2, -0.1, 1.1, 0.3]);
export const HOME = jointPosition([0, -0.35, 0, 1.66, 0, 1.83, 0]);
export const LEASE = 7;

/** What is left out while time passes. */
export interface Absent {
  operator?: boolean;
  guardian?: boolean;
  state?: boolean;
}

/** How this supervisor differs from one of the virtual lab, and who is in control. */
export interface Supervision {
  readonly holdToRun?: boolean;
  readonly role?: Role;
  /** What enables teleoperation; the leader's button unless said otherwise. */
  readonly enabling?: TeleopEnabling;
  readonly limits?: ArmLimits;
}

/** A supervisor with a recording arm that follows at once, and a clock that only the test moves. */
export class Supervised {
  readonly arm = new RecordingArm();
  readonly gripper = new RecordingGripper();
  readonly told: FromArm[] = [];
  readonly supervisor: Supervisor;
  readonly found: Finding[] = [];
  lateShare = 0;
  linkDead = 0;
  /** How many setpoints had been sent when each wait for an instant began. */
  readonly waits: { readonly dueAt: number; readonly sent: number }[] = [];
  now = 500;
  /** What the arm reports; its pose follows the command unless `frozen`. */
  state: ArmState = {
    receivedAt: 0,
    measured: START,
    status: "idle",
    systemErrors: [],
    jointErrors: [0, 0, 0, 0, 0, 0, 0],
    jointEnabled: [true, true, true, true, true, true, true],
    health: null,
    link: QUIET_LINK,
  };
  frozen = false;
  calibration: PuppetCalibration | string = CALIBRATION;
  /** The leader: where it stands, rad; null while there is none, or it is silent. */
  leader: JointVector | null = null;
  button = false;
  /** How often the arm's supply was to be opened. */
  cuts = 0;
  /** For how long the process is held up between the guard's look at a setpoint and its sending, s. */
  heldUp = 0;
  /** Of its handle, 0 closed to 1 open. */
  opening = 1;
  #seq = 0;
  /** What the next beats say. */
  held = false;
  readonly #role: Role;
  #requests = 0;

  constructor({ holdToRun = false, role = "supervisor", enabling = "button", limits = LIMITS }: Supervision = {}) {
    this.#role = role;
    this.supervisor = new Supervisor({
      arm: this.arm,
      gripper: this.gripper,
      period: PERIOD,
      untilDue: (dueAt) => {
        this.waits.push({ dueAt, sent: this.setpoints.length });
        return dueAt + this.heldUp;
      },
      home: HOME,
      limits,
      holdToRun,
      teleop: { enabling, calibrationFor: () => this.calibration },
      tell: (message) => this.told.push(message),
      onLinkDead: () => {
        this.linkDead += 1;
      },
      cutSupply: () => {
        this.cuts += 1;
      },
      onStop: () => undefined,
      onFinding: (finding) => this.found.push(finding),
      lateShare: () => this.lateShare,
      counters: () => ({ ticks: 0, lateTicks: 0, skippedTicks: 0, latenessP99Ms: 0, latenessMaxMs: 0 }),
    });
  }

  /** Lets `seconds` pass tick by tick, with everything that should arrive arriving. */
  pass(seconds: number, absent: Absent = {}): this {
    for (let tick = Math.round(seconds / PERIOD); tick > 0; tick--) {
      this.now += PERIOD;
      if (absent.guardian !== true) {
        this.supervisor.guardianBeat(this.now);
      }
      if (absent.operator !== true) {
        this.beat();
      }
      if (absent.state !== true && this.supervisor.mode !== "disconnected") {
        this.report();
      }
      this.leaderReads();
      this.supervisor.tick(this.now, this.now);
    }
    return this;
  }

  /** The leader is read now, where there is one. */
  leaderReads(): void {
    if (this.leader !== null) {
      this.#seq += 1;
      const sample = { ...reading(this.leader, this.now, { button: this.button }, this.opening), seq: this.#seq };
      this.supervisor.leaderSample(sample, this.now);
    }
  }

  /** A leader comes, at the arm's pose but for `offset`, rad, with its button up, and its signs are tested. */
  withLeader(offset: JointVector = [0, 0, 0, 0, 0, 0, 0]): this {
    this.supervisor.leaderHello(LEADER, this.now);
    const pose = mapJoints(this.commanded, (angle, joint) => angle + jointAt(offset, joint));
    this.leader = pose;
    this.pass(0.3);
    for (let joint = 0; joint < 7; joint++) {
      for (const degrees of [0.8, 1.6, 2.4, 3.2, 2.4, 1.6, 0.8, 0]) {
        this.leader = mapJoints(pose, (angle, index) => angle + (index === joint ? degrees * DEGREE : 0));
        this.pass(PERIOD);
      }
      this.pass(0.2);
    }
    return this;
  }

  /** Moves one joint of the leader by so many degrees at a speed, deg/s. */
  leads(joint: number, degrees: number, speed: number): this {
    const from = this.leader ?? this.commanded;
    const ticks = Math.ceil(Math.abs(degrees) / speed / PERIOD);
    for (let tick = 1; tick <= ticks; tick++) {
      this.leader = mapJoints(from, (q, index) => (index === joint ? q + (degrees * DEGREE * tick) / ticks : q));
      this.pass(PERIOD);
    }
    return this;
  }

  /** Where the arm was sent last, rad. */
  get commanded(): JointVector {
    return this.setpoints.at(-1)?.q ?? this.state.measured;
  }

  /** Whoever is in control beats now. */
  beat(held = this.held, lease = LEASE, role = this.#role): void {
    this.held = held;
    this.supervisor.handle({ kind: "operator-beat", lease, role, held }, this.now);
  }

  /** The arm reports its state now. */
  report(changes: Partial<ArmState> = {}): void {
    const measured = this.frozen ? this.state.measured : (this.setpoints.at(-1)?.q ?? this.state.measured);
    this.state = { ...this.state, ...changes, receivedAt: this.now, measured };
    this.supervisor.armState(this.state, this.now);
  }

  /** Opens the link and gives an operator control. */
  connected(): this {
    this.supervisor.linkUp({ ...this.state, receivedAt: this.now }, this.now);
    return this.pass(0.05);
  }

  engaged(): this {
    this.connected().request({ kind: "engage" });
    return this.pass(0.4);
  }

  following(): this {
    this.engaged().request({ kind: "follow-policy" });
    return this.pass(0.02);
  }

  /** A chunk that moves every joint `step` rad a period from the present command, taken as captured `age` ago. */
  chunk(step: number, changes: Partial<Chunk> = {}, age = 0.05): Chunk {
    const from = this.latest.commanded ?? START;
    const capturedAt = this.now - age;
    const targets = [1, 2, 3, 4, 5].map((count) => ({
      dueAt: capturedAt + 0.1 * count,
      q: jointPosition(mapJoints(from, (angle) => angle + step * count)),
      gripper: 1,
    }));
    return { id: this.chunks + 1, epoch: this.latest.epoch, capturedAt, period: 0.1, targets, ...changes };
  }

  give(chunk: Chunk): string {
    this.supervisor.handle({ kind: "chunk", chunk }, this.now);
    const result = this.told.findLast((message) => message.kind === "chunk-result");
    return result?.kind === "chunk-result" ? (result.accepted ? "accepted" : result.reason) : "none";
  }

  request(
    request: ArmRequest,
    lease = LEASE,
  ): { readonly ok: boolean; readonly reason: string; readonly epoch: number } {
    this.#requests += 1;
    this.supervisor.handle({ kind: "request", id: this.#requests, lease, request }, this.now);
    const result = this.told.findLast((message) => message.kind === "result");
    if (result?.kind !== "result" || result.id !== this.#requests) {
      throw new Error("a request was not answered");
    }
    return result;
  }

  get chunks(): number {
    return this.told.filter((message) => message.kind === "chunk-result").length;
  }

  get latest(): ArmReport {
    this.supervisor.report(this.now);
    const report = this.told.findLast((message) => message.kind === "state");
    if (report?.kind !== "state") {
      throw new Error("no report");
    }
    return report.state;
  }

  get stops(): readonly StopReport[] {
    return this.told.flatMap((message) => (message.kind === "stopped" ? [message.stop] : []));
  }

  get wire(): readonly Wire[] {
    return this.arm.wire;
  }

  get setpoints(): readonly PermittedSetpoint[] {
    return this.arm.setpoints;
  }

  /** Speed of the last setpoints, rad/s, largest joint. */
  get speed(): number {
    const [before, last] = this.setpoints.slice(-2);
    return before === undefined || last === undefined ? 0 : distance(before.q, last.q) / PERIOD;
  }
}

/** Largest difference of any joint, rad. */
export function distance(one: JointPosition, other: JointPosition): number {
  return Math.max(...one.map((angle, joint) => Math.abs(angle - jointAt(other, joint))));
}
