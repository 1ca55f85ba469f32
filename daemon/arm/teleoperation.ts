import { type Alignment, aligned, farthest, isAligned } from "../teleop/alignment.js";
import { unfitLeader } from "../teleop/calibrated.js";
import { decayed, engagedAt, led, NO_OFFSET } from "../teleop/clutch.js";
import { gripperWish, HANDLE_AT_REST, handled } from "../teleop/handle.js";
import { leaderConditions } from "../teleop/leader-conditions.js";
import { isSameReading, type LeaderPose, leaderPose, leaderStep } from "../teleop/leader-pose.js";
import { isSignTested, signTestAsks, signTested, UNTESTED } from "../teleop/sign-test.js";
import type { PuppetCalibration, PuppetIdentity, PuppetSample } from "../types/puppet.js";
import type { TeleopEnabling, TeleopPhase, TeleopReport } from "../types/teleop.js";
import { type Instant, type JointVector, jointAt, type Seconds } from "../types/units.js";
import { raise } from "../watch/condition.js";
import type { Finding } from "../watch/finding.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import { LatenessHistogram } from "./lateness-histogram.js";

// Interlocks: OP-07, OP-08, OP-09, OP-10.

/** How a cell is teleoperated. */
export interface TeleoperationOptions {
  readonly enabling: TeleopEnabling;
  /** The calibration to use for a leader that has come, or why there is none, in words. */
  readonly calibrationFor: (leader: PuppetIdentity) => PuppetCalibration | string;
}

/** A sign test is good for a day (reference/safety.md, OP-10). */
const TESTED_FOR: Seconds = 86_400;
/** An offset decays only while readings change at least this often: a leader that is dead moves nothing. */
const ALIVE: Seconds = 0.1;
/** No step yet between two readings. */
const NO_STEP = { distance: 0, speed: 0 };
/** Percentiles are worked out once in so many readings. */
const P99_EVERY = 100;

/** The leader arm as it is now: who it is, where it stands, whether and how it may be followed. */
export class Teleoperation {
  readonly #options: TeleoperationOptions | null;
  readonly #limits: ArmLimits;
  readonly #period: Seconds;
  readonly #latency = new LatenessHistogram();
  #leader: PuppetIdentity | null = null;
  #calibration: PuppetCalibration | null = null;
  /** Why the leader may not be followed whatever it does; null when nothing is in the way. */
  #unfit: string | null = "no puppet is connected";
  #pose: LeaderPose | null = null;
  #sample: PuppetSample | null = null;
  #step = NO_STEP;
  #alignment: Alignment | null = null;
  #test = UNTESTED;
  /** The calibration that the last passed sign test was made with, and when. */
  #tested: { readonly with: string; readonly at: Instant } | null = null;
  /** Since when readings have come one after the other, without a jump. */
  #steadySince: Instant = Infinity;
  #changedAt: Instant = -Infinity;
  #followedSince: Instant = -Infinity;
  #commandedAtChange: JointVector | null = null;
  #commanded: JointVector | null = null;
  #leading = false;
  #clutch = false;
  #offset = NO_OFFSET;
  #handle = HANDLE_AT_REST;
  /** What the gripper was told when the leader took over. */
  #opening = Number.NaN;
  #timedPose: LeaderPose | null = null;
  #timed = 0;
  #latencyP99Ms: number | null = null;

  /** `options`: null for a cell without a leader arm. */
  constructor(options: TeleoperationOptions | null, limits: ArmLimits, period: Seconds) {
    this.#options = options;
    this.#limits = limits;
    this.#period = period;
  }

  /** The leader's own button is what enables it. */
  get byButton(): boolean {
    return this.#options?.enabling === "button";
  }

  /** When the leader was read last; -Infinity for never. */
  get seenAt(): Instant {
    return this.#pose?.at ?? -Infinity;
  }

  /** When its button was seen pressed last; -Infinity while it is not. */
  get pressedAt(): Instant {
    return this.#sample?.button === true ? this.seenAt : -Infinity;
  }

  /** What the gripper should be told; null to leave it alone. */
  get gripperDue(): number | null {
    return this.#leading ? gripperWish(this.#handle) : null;
  }

  /** A leader has come. */
  hello(leader: PuppetIdentity, now: Instant): void {
    this.gone("another reading begins");
    if (this.#options === null) {
      this.#unfit = "this cell has no puppet in its configuration";
      return;
    }
    this.#leader = leader;
    const calibration = this.#options.calibrationFor(leader);
    this.#unfit = typeof calibration === "string" ? calibration : unfitLeader(leader, calibration);
    this.#calibration = typeof calibration === "string" || this.#unfit !== null ? null : calibration;
    const known = this.#tested !== null && now - this.#tested.at < TESTED_FOR;
    if (!known || this.#tested?.with !== JSON.stringify(this.#calibration)) {
      this.#test = UNTESTED;
      this.#tested = null;
    }
  }

  /** Its readings have ended. */
  gone(why: string): void {
    this.#leader = null;
    this.#calibration = null;
    this.#unfit = why;
    this.#pose = null;
    this.#sample = null;
    this.#step = NO_STEP;
    this.#alignment = null;
    this.#steadySince = Infinity;
    this.#changedAt = -Infinity;
  }

  /** Takes a reading; `near` is where the arm is, rad. False when nobody may use it: no leader, or it is out of order. */
  read(sample: PuppetSample, near: JointVector, now: Instant): boolean {
    const before = this.#pose;
    if (this.#calibration === null || (this.#sample !== null && sample.seq <= this.#sample.seq)) {
      return false;
    }
    // A clock that is ahead must not make old readings look fresh.
    const pose = leaderPose({ ...sample, at: Math.min(sample.at, now) }, this.#calibration, before, near);
    this.#sample = sample;
    this.#pose = pose;
    const { jump, late } = this.#limits.leader;
    this.#step = before === null ? NO_STEP : leaderStep(before, pose);
    const jumped = !(this.#step.distance <= jump.distance && this.#step.speed <= jump.speed);
    if (before === null || jumped || pose.at - before.at > late) {
      this.#steadySince = now;
      this.#alignment = null;
    }
    if (before === null || !isSameReading(before, pose)) {
      this.#changedAt = now;
      this.#commandedAtChange = this.#commanded;
    }
    if (this.#leading) {
      this.#handle = handled(this.#handle, sample.gripper, this.#calibration.gripper, this.#opening);
    } else if (!jumped) {
      this.#testSigns(pose, now);
    }
    return true;
  }

  /** Compares the leader with where the arm was sent, rad; once a tick. */
  look(commanded: JointVector, leading: boolean, now: Instant): void {
    this.#commanded = commanded;
    this.#leading = leading;
    if (this.#pose !== null) {
      this.#alignment = aligned(this.#alignment, this.#pose, commanded, now, this.#limits.leader);
    }
  }

  /** Readings arrive. */
  isThere(now: Instant): boolean {
    return this.#calibration !== null && now - this.seenAt <= this.#limits.mostAge.leader;
  }

  /** It may be followed from here: aligned, or by the clutch where one is allowed. */
  isReady(mayClutch: boolean, now: Instant): boolean {
    const { refused, aligned } = this.#limits.leader;
    if (this.#alignment === null || !isSignTested(this.#test) || now - this.#steadySince < aligned.lasting) {
      return false;
    }
    const near = Math.abs(farthest(this.#alignment.differences).difference) <= refused;
    return isAligned(this.#alignment, now, this.#limits.leader) || ((mayClutch || this.#clutch) && near);
  }

  /** The next engagement may be by the clutch, or no longer. */
  allowClutch(allowed: boolean): void {
    this.#clutch = allowed;
  }

  /** From `now` on the arm follows; it would come to rest at `rest`, rad, and its gripper was told `opening`. */
  begin(rest: JointVector, opening: number, now: Instant): void {
    if (this.#pose !== null && this.#calibration !== null && this.#sample !== null) {
      this.#offset = engagedAt(this.#pose.q, rest);
      this.#handle = handled(HANDLE_AT_REST, this.#sample.gripper, this.#calibration.gripper, opening);
    }
    this.#opening = opening;
    // What the arm went before, and goes until it is at rest there, says nothing of a leader that is held still.
    this.#commandedAtChange = rest;
    this.#followedSince = now;
    this.#leading = true;
    this.#clutch = false;
  }

  /** Where the arm should go next, rad; null when there is no leader. */
  target(commanded: JointVector, now: Instant): JointVector | null {
    if (this.#pose === null) {
      return null;
    }
    const { leader } = this.#limits;
    const offset = now - this.#changedAt <= ALIVE ? decayed(this.#offset, leader.clutch, this.#period) : this.#offset;
    const next = led(this.#pose.q, offset, commanded, leader);
    this.#offset = next.offset;
    return next.target;
  }

  /** A setpoint that follows the newest reading is on the wire. */
  sent(now: Instant): void {
    if (this.#pose === null || this.#pose === this.#timedPose) {
      return;
    }
    this.#timedPose = this.#pose;
    this.#latency.add(now - this.#pose.at);
    this.#timed += 1;
    if (this.#timed % P99_EVERY === 0) {
      this.#latencyP99Ms = this.#latency.quantile(0.99) * 1000;
    }
  }

  /** What is wrong with the leader that is followed. */
  findings(now: Instant): readonly Finding[] {
    if (!this.#leading) {
      return [];
    }
    const from = this.#commandedAtChange;
    const to = this.#commanded;
    const facts = {
      ...{
        leading: true,
        age: now - this.seenAt,
        step: this.#step,
        sameFor: now - Math.max(this.#changedAt, this.#followedSince),
      },
      wentMeanwhile:
        from === null || to === null ? 0 : Math.max(...to.map((q, joint) => Math.abs(q - jointAt(from, joint)))),
      apart: Math.max(...this.#offset.map(Math.abs)),
    };
    const table = leaderConditions(facts, this.#limits.leader, this.#limits.mostAge.leader);
    return raise([], table, now)[1];
  }

  /** For people; null for a cell without a leader arm. */
  report(mayClutch: boolean, now: Instant): TeleopReport | null {
    if (this.#options === null) {
      return null;
    }
    const [phase, detail] = this.#standing(mayClutch, now);
    return {
      ...{ enabling: this.#options.enabling, leader: this.#leader, phase, detail },
      differences: this.#alignment?.differences ?? null,
      offset: this.#offset,
      button: this.#sample?.button ?? false,
      age: this.#pose === null ? null : now - this.#pose.at,
      latencyP99Ms: this.#latencyP99Ms,
    };
  }

  #standing(mayClutch: boolean, now: Instant): readonly [TeleopPhase, string] {
    const { mirrored } = this.#test;
    if (this.#leader === null) {
      return ["no-leader", this.#unfit ?? ""];
    }
    if (this.#unfit !== null) {
      return ["refused", this.#unfit];
    }
    if (!this.isThere(now)) {
      return ["no-leader", "the puppet's readings do not arrive"];
    }
    if (this.#leading) {
      return ["leading", "the puppet moves the arm"];
    }
    if (mirrored !== null) {
      const joint = `joint ${mirrored + 1} of the puppet turned the other way than it was asked to`;
      return ["refused", `${joint}: calibrate the puppet again (kinevla calibrate puppet), then plug it in anew`];
    }
    if (!isSignTested(this.#test)) {
      return ["sign-test", signTestAsks(this.#test)];
    }
    const press = this.byButton ? "press its button and keep it pressed" : "press hold-to-run and keep it pressed";
    if (this.isReady(mayClutch, now)) {
      return ["ready", press];
    }
    const { joint, difference } = farthest(this.#alignment?.differences ?? NO_OFFSET);
    if (Math.abs(difference) <= this.#limits.leader.aligned.distance) {
      return ["misaligned", "every joint is near enough: hold the puppet still"];
    }
    const degrees = Math.abs((difference * 180) / Math.PI).toFixed(1);
    const way = difference > 0 ? "minus" : "plus";
    return [
      "misaligned",
      `joint ${joint + 1} is farthest: turn it ${degrees} degrees to ${way}, then hold the puppet still`,
    ];
  }

  #testSigns(pose: LeaderPose, now: Instant): void {
    if (this.#tested !== null && now - this.#tested.at >= TESTED_FOR) {
      // One that stays plugged in is asked again, too.
      this.#test = UNTESTED;
      this.#tested = null;
    }
    const passed = isSignTested(this.#test);
    this.#test = signTested(this.#test, pose, this.#limits.leader);
    if (!passed && isSignTested(this.#test)) {
      this.#tested = { with: JSON.stringify(this.#calibration), at: now };
    }
  }
}
