import { isMoving } from "../modes/mode-machine.js";
import type { Mode } from "../types/mode.js";
import type { Instant, Seconds } from "../types/units.js";
import type { MotionStream } from "./motion-stream.js";
import type { Reactions } from "./reactions.js";
import { HOLD_AROUND, type Sending } from "./setpoint-sender.js";
import type { Started, Starting } from "./starting.js";
import type { Pause } from "./stream-pauses.js";
import type { SupervisorOptions } from "./supervisor-options.js";

// Interlocks: AR-09, PO-07.

/** A link without state for this long is reset (AR-09). */
const LINK_DEAD: Seconds = 0.5;

type Cell = Pick<SupervisorOptions, "arm" | "gripper" | "period" | "lateShare">;

/** What a tick works with. */
interface Ticked extends Started {
  readonly starting: Starting;
  readonly reactions: Reactions;
}

/** What happens in each tick of the stream: the order in which the parts of this folder look, act and send. */
export class Ticking {
  readonly #options: Cell;
  readonly #parts: Ticked;

  constructor(options: Cell, parts: Ticked) {
    this.#options = options;
    this.#parts = parts;
  }

  /** One tick, due at `dueAt`, running at `now`. */
  tick(dueAt: Instant, now: Instant): void {
    const { mandate, pauses, starting, stopping, reporter } = this.#parts;
    const sinceLast = pauses.tick(now);
    this.#judge(sinceLast, now);
    starting.lead(now);
    if (mandate.engaged) {
      const pause = pauses.judge(sinceLast, now);
      if (pause.kind === "none") {
        this.#look(now);
        this.#follow(now);
        this.#send(dueAt, now);
      } else {
        this.#paused(pause, now);
      }
    }
    if (mandate.authority.arm !== null && mandate.authority.armAge(now) > LINK_DEAD) {
      this.#options.arm.reset();
      stopping.linkLost(`no state from the arm for ${LINK_DEAD * 1000} ms`, now, "link-lost");
    }
    reporter.reportIfDue(now);
  }

  get #mode(): Mode {
    return this.#parts.mandate.mode;
  }

  get #stream(): MotionStream | null {
    return this.#parts.sender.stream;
  }

  #judge(sinceLast: Seconds, now: Instant): void {
    const { mandate, watch, reactions } = this.#parts;
    const { period, gripper, lateShare } = this.#options;
    const stream = this.#stream;
    const toldToStand = !isMoving(this.#mode) && stream?.still === true ? stream.commanded : null;
    watch.tick(
      {
        mode: this.#mode,
        stands: this.#mode === "fault" || toldToStand !== null,
        toldToStand,
        demanded: stream?.demanded ?? null,
        gripper: gripper.health(),
        // After a tick that came late, what has arrived meanwhile is not read yet.
        stateAge: mandate.authority.arm === null || sinceLast > 2 * period ? null : mandate.authority.armAge(now),
        lateShare: lateShare(),
      },
      now,
    );
    reactions.react(now);
  }

  /** The process was held up. */
  #paused(pause: Pause, now: Instant): void {
    if (pause.kind !== "over") {
      return;
    }
    const { stopping } = this.#parts;
    const detail = `no tick for ${(pause.lasted * 1000).toFixed(0)} ms`;
    this.#stream?.restart(HOLD_AROUND);
    if (pause.length === "suspended") {
      stopping.stop("stalled", detail, now);
    } else if (pause.length === "long" || this.#mode === "recovery") {
      stopping.leaveMotion("stalled", detail, now);
    }
  }

  /** What ends a motion although nothing was proposed yet. */
  #look(now: Instant): void {
    const { mandate, intake, stopping } = this.#parts;
    if (stopping.endAtRest(now) || !isMoving(this.#mode)) {
      return;
    }
    const { missing } = mandate.take({ kind: "tick" }, now);
    if (missing !== null) {
      const { code, detail } = mandate.authority.lost(missing, mandate.teleoperation.byButton, now);
      stopping.rampDown(code, detail, now);
    } else if (this.#mode === "policy" && intake.isStarved(now)) {
      stopping.leaveMotion("policy-starved", "no usable chunk in time", now);
    } else if (this.#mode === "recovery" && this.#stream?.hasRecovered(HOLD_AROUND) === true) {
      stopping.leaveMotion("recovered", "the arm stands inside its soft limits again", now);
    }
  }

  /** Has the stream go where the leader is. */
  #follow(now: Instant): void {
    const { teleoperation } = this.#parts.mandate;
    const stream = this.#stream;
    const target = this.#mode === "teleop" && stream !== null ? teleoperation.target(stream.commanded, now) : null;
    if (target !== null) {
      stream?.lead(target);
    }
  }

  #send(dueAt: Instant, now: Instant): void {
    const { sender, stopping } = this.#parts;
    const sending = this.#propose(dueAt, now);
    const refusals = sending !== null && "refusals" in sending ? sending.refusals : [];
    const worst = refusals.find((refusal) => refusal.reaction === "quick-stop");
    const first = refusals[0];
    if (first === undefined) {
      return;
    }
    sender.countRefusal();
    if (worst !== undefined || !isMoving(this.#mode)) {
      const refusal = worst ?? first;
      stopping.stop(refusal.code, refusal.detail, now);
      return;
    }
    stopping.leaveMotion(first.code, first.detail, now);
    const ramp = this.#propose(dueAt, now);
    if (ramp !== null && "refusals" in ramp) {
      const again = ramp.refusals[0] ?? first;
      stopping.stop(again.code, again.detail, now);
    }
  }

  #propose(dueAt: Instant, now: Instant): Sending {
    const { mandate, sender, pauses, reporter, watch, stops } = this.#parts;
    const { authority } = mandate;
    const sending = sender.send(dueAt, {
      now,
      mode: this.#mode,
      epoch: mandate.epoch,
      arm: authority.arm,
      operatorSeenAt: mandate.authorisedAt,
      leaderSeenAt: mandate.teleoperation.seenAt,
      guardianSeenAt: authority.guardianSeenAt,
    });
    if (sending !== null && "sent" in sending) {
      pauses.sent(now);
      reporter.sent(sending.sent);
      watch.sent(sending.sent.q, now);
      stops.sent(sending.sent, authority.arm);
      this.#afterSending(now);
    }
    return sending;
  }

  #afterSending(now: Instant): void {
    const { mandate, sender, reporter } = this.#parts;
    const { teleoperation } = mandate;
    if (this.#mode === "homing" && this.#stream?.still === true) {
      mandate.take({ kind: "home-reached" }, now);
      reporter.report(now);
    }
    if (this.#mode === "teleop") {
      teleoperation.sent(now);
      sender.tellGripper(teleoperation.gripperDue, now);
    } else {
      sender.tellGripper(this.#stream?.gripperDue ?? null, now);
    }
  }
}
