import { freshGuard, type GuardInput, type GuardState, guard, type PermittedSetpoint } from "../guard/guard.js";
import type { Refusal } from "../guard/refusal.js";
import { type Instant, type JointPosition, jointPosition, type Seconds } from "../types/units.js";
import { type GripperCommand, gripperCommand } from "./gripper-dwell.js";
import { MotionStream } from "./motion-stream.js";
import type { SupervisorOptions } from "./supervisor-options.js";

/** The vendor's practice: the pose is held this long before and after a stream. */
export const HOLD_AROUND: Seconds = 0.3;

/** Nobody knows how the gripper stands: the first wish is always told. */
const UNKNOWN: GripperCommand = { opening: Number.NaN, at: -Infinity };

/**
 * What became of a tick: the setpoint that was sent, why the guard refused it, or null where nothing is streamed, or where
 * the process was held up until the setpoint's tick was over (HO-01).
 */
export type Sending = { readonly sent: PermittedSetpoint } | { readonly refusals: readonly Refusal[] } | null;

/** The stream to the arm, the guard before it and the gripper beside it. The only caller of the guard and of `Arm.send`. */
export class SetpointSender {
  readonly #options: SupervisorOptions;
  #guard: GuardState;
  #stream: MotionStream | null = null;
  #heldUntil: Instant = HOLD_AROUND;
  #endsAt: Instant = Infinity;
  #gripper = UNKNOWN;
  #refusals = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#guard = freshGuard(options.period, options.limits);
  }

  /** The motion that is streamed; null while none is. */
  get stream(): MotionStream | null {
    return this.#stream;
  }

  /** Until then the pose is held at which the stream began. */
  get heldUntil(): Instant {
    return this.#heldUntil;
  }

  /** Setpoints that the guard refused so far. */
  get refusals(): number {
    return this.#refusals;
  }

  /** What the gripper was told last, 0 closed to 1 open; NaN while nobody knows. */
  get gripperTold(): number {
    return this.#gripper.opening;
  }

  /** Starts a stream that stands at `from`, rad. */
  start(from: JointPosition, now: Instant): void {
    this.#stream = new MotionStream(from, this.#options.period, this.#options.limits);
    this.#heldUntil = now + HOLD_AROUND;
    this.#endsAt = Infinity;
    this.renewGuard();
  }

  /** What is in the way of joints that are to be brought back inside their limits from `from`, rad, in words; null for nothing. */
  blockedFrom(from: JointPosition): string | null {
    return new MotionStream(from, this.#options.period, this.#options.limits).recover(0);
  }

  end(): void {
    this.#stream = null;
    this.#endsAt = Infinity;
  }

  /** The stream is to end when the pose has been held for long enough; until then it may go on after all. */
  endSoon(now: Instant): void {
    this.#endsAt = now + HOLD_AROUND;
  }

  /** The stream goes on. */
  goOn(): void {
    this.#endsAt = Infinity;
  }

  /** It was to end, has held the pose for long enough, and stands. */
  isOver(now: Instant): boolean {
    return now >= this.#endsAt && this.#stream?.still === true;
  }

  /** A latched stop was acknowledged, or a stream begins: the guard forgets what was before. */
  renewGuard(): void {
    this.#guard = freshGuard(this.#options.period, this.#options.limits);
  }

  /** The link to the arm is a new one. */
  forgetGripper(): void {
    this.#gripper = UNKNOWN;
  }

  /** Proposes one setpoint and sends it if the guard permits it. */
  send(dueAt: Instant, input: Omit<GuardInput, "proposed">): Sending {
    const stream = this.#stream;
    if (stream === null) {
      return null;
    }
    const { source, q } = stream.propose(dueAt);
    const proposed = { source, q: jointPosition(q), epoch: input.epoch, dueAt };
    const [next, verdict] = guard(this.#guard, { ...input, proposed });
    if (verdict.kind === "refuse") {
      this.#guard = next;
      return { refusals: verdict.refusals };
    }
    if (this.#options.untilDue(dueAt) - dueAt > this.#options.limits.mostAge.setpoint) {
      // Held up since the guard has looked: whatever has happened meanwhile, this setpoint knows nothing of it.
      return null;
    }
    this.#guard = next;
    this.#options.arm.send(verdict.setpoint);
    stream.sent(q);
    return { sent: verdict.setpoint };
  }

  /** Counts a tick in which the guard refused. */
  countRefusal(): void {
    this.#refusals += 1;
  }

  /** Tells the gripper what is wished of it, where that is new; null for no wish. */
  tellGripper(wished: number | null, now: Instant): void {
    const command = wished === null ? null : gripperCommand(this.#gripper, wished, now);
    if (command !== null) {
      this.#gripper = command;
      this.#options.gripper.command(command.opening);
    }
  }
}
