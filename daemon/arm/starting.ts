import { isMoving } from "../modes/mode-machine.js";
import type { ModeState } from "../modes/mode-state.js";
import type { ArmRequest } from "../types/arm-link.js";
import type { Takeover } from "../types/teleop.js";
import type { Instant, JointVector } from "../types/units.js";
import type { ArmReporter } from "./arm-reporter.js";
import type { ArmWatch } from "./arm-watch.js";
import type { ChunkIntake } from "./chunk-intake.js";
import type { Admission, Mandate } from "./mandate.js";
import { HOLD_AROUND, type SetpointSender } from "./setpoint-sender.js";
import type { StopLog } from "./stop-log.js";
import type { Stopping } from "./stopping.js";
import type { StreamPauses } from "./stream-pauses.js";
import type { SupervisorOptions } from "./supervisor-options.js";

// Interlocks: ML-02, PO-09.

/** Where an arm stands of which nothing is known; nothing follows a leader then. */
const UPRIGHT: JointVector = [0, 0, 0, 0, 0, 0, 0];

type Cell = Pick<SupervisorOptions, "home" | "teleop" | "tell">;

/** A request for a change of what is streamed. */
type MotionRequest = Exclude<ArmRequest, { readonly kind: "acknowledge" }>;

/** What a motion begins with. */
export interface Started {
  readonly mandate: Mandate;
  readonly sender: SetpointSender;
  readonly pauses: StreamPauses;
  readonly intake: ChunkIntake;
  readonly watch: ArmWatch;
  readonly stops: StopLog;
  readonly reporter: ArmReporter;
  readonly stopping: Stopping;
}

/** Every way in which the stream and a motion of it begin: what somebody asks for, and the leader that takes over. */
export class Starting {
  readonly #options: Cell;
  readonly #started: Started;

  constructor(options: Cell, started: Started) {
    this.#options = options;
    this.#started = started;
  }

  /** Does what is asked for, or says why not. */
  request(request: ArmRequest, lease: number, now: Instant): Admission {
    return request.kind === "acknowledge"
      ? this.#started.stopping.acknowledge(lease, now)
      : this.#begin(request, lease, now);
  }

  /** Lets the leader take over when it may, and go on when it has. */
  lead(now: Instant): void {
    const { mandate, sender } = this.#started;
    const { state } = mandate;
    const where = sender.stream?.commanded ?? mandate.authority.arm?.measured;
    if (where !== undefined) {
      mandate.teleoperation.look(where, state.mode === "teleop", now);
    }
    if (state.mode !== "teleop") {
      mandate.take({ kind: "lead" }, now);
      this.#led(state, "button", now);
    }
  }

  #begin(request: MotionRequest, lease: number, now: Instant): Admission {
    const { mandate } = this.#started;
    const reason = this.#impossible(request);
    if (reason !== null) {
      return { ok: false, reason };
    }
    const { state } = mandate;
    // Whether it may be followed at once depends on the clutch.
    mandate.teleoperation.allowClutch(request.kind === "teleop" && request.clutch);
    const admission = mandate.admit(request.kind, lease, now);
    if (admission.ok) {
      this.#beginAdmitted(request, now);
      this.#led(state, "request", now);
    }
    return admission;
  }

  /** Why nobody may have this begin from here, in words; null where it depends on the mandate alone. */
  #impossible(request: MotionRequest): string | null {
    const { mandate, sender } = this.#started;
    if (request.kind === "home") {
      const inTheWay = sender.stream?.wayTo(request.to ?? this.#options.home) ?? null;
      const what = request.to === undefined ? "home" : "there";
      return inTheWay === null ? null : `the straight way ${what} is not free (${inTheWay}): use the vendor's pendant`;
    }
    const { arm } = mandate.authority;
    if (request.kind === "recover" && mandate.mode === "fault" && arm !== null) {
      const inTheWay = sender.blockedFrom(arm.measured);
      return inTheWay === null ? null : `the way back is not free (${inTheWay}): use the vendor's pendant`;
    }
    if (request.kind === "teleop" && this.#options.teleop === null) {
      return "this cell has no puppet: name one under puppet: in the configuration";
    }
    return null;
  }

  #beginAdmitted(request: MotionRequest, now: Instant): void {
    const { sender, intake, watch, stopping } = this.#started;
    switch (request.kind) {
      case "engage":
        this.#engage(now);
        break;
      case "home":
        this.#clearForMotion();
        sender.stream?.goTo(request.to ?? this.#options.home, Math.max(0, sender.heldUntil - now));
        break;
      case "follow-policy":
        this.#clearForMotion();
        intake.begin(now);
        watch.policyBegins(now);
        break;
      case "hold":
        stopping.comeToRest(now);
        break;
      case "recover":
        this.#startStream(now);
        sender.stream?.recover(HOLD_AROUND);
        watch.recoveryBegins(now);
        break;
      case "teleop":
        break;
      case "disengage":
        sender.endSoon(now);
        break;
    }
  }

  /** Does what a change to align or teleop asks for. */
  #led(before: ModeState, by: Takeover["by"], now: Instant): void {
    const { mandate, sender, intake, stopping, reporter } = this.#started;
    const { mode, epoch } = mandate;
    if (mode === before.mode) {
      return;
    }
    if (mode === "align" && before.mode === "standby") {
      this.#engage(now);
    } else if (mode === "align" && isMoving(before.mode)) {
      stopping.rampDown("taken-over", "the puppet was taken, and is not at the arm's pose", now);
    } else if (mode === "teleop") {
      this.#clearForMotion();
      intake.end();
      mandate.teleoperation.begin(sender.stream?.restsAt ?? UPRIGHT, sender.gripperTold, now);
      if (before.mode === "policy" || before.mode === "homing") {
        const takeover = { at: now, from: before.mode, epochBefore: before.epoch, epoch, by };
        this.#options.tell({ kind: "takeover", takeover });
      }
    }
    reporter.report(now);
  }

  #engage(now: Instant): void {
    this.#startStream(now);
    this.#started.stops.clear();
  }

  /** Streams the pose at which the arm stands. */
  #startStream(now: Instant): void {
    const { mandate, sender, pauses, watch } = this.#started;
    const { arm } = mandate.authority;
    if (arm !== null) {
      sender.start(arm.measured, now);
      watch.streamBegins();
      pauses.begin(now);
    }
  }

  #clearForMotion(): void {
    this.#started.stops.clear();
    this.#started.sender.goOn();
  }
}
