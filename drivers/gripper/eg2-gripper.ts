import type { Clock } from "../../daemon/ports/clock.js";
import type { Gripper } from "../../daemon/ports/gripper.js";
import type { GripperHealth, GripperState } from "../../daemon/types/arm-state.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { answers, GRIPPER_REPORT, gripperPosition, moveGripper } from "../rm75/codec.js";
import type { JsonObject } from "../rm75/json-object.js";
import type { ToolDevice } from "../rm75/tool-device.js";

/** The controller asks the gripper itself over its tool port, which takes tens of ms. */
const POLL_PERIOD: Seconds = 0.2;

/** Only how its reply is recognised; the opening plays no part in that. */
const MOVE = moveGripper(0);

/** An Inspire EG2-4C2 on the tool port of an RM75, spoken to through the arm's connection for queries. */
export function createEg2Gripper(clock: Clock): Gripper & ToolDevice {
  return new Eg2Gripper(clock);
}

class Eg2Gripper implements Gripper, ToolDevice {
  readonly #clock: Clock;
  #write: ((bytes: Buffer) => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** True while a report is asked for and not given: an absent gripper must not collect questions. */
  #asked = false;
  /** Position last sent on this connection, 1 to 1000; null before that. */
  #sent: number | null = null;
  #commanded: number | null = null;
  #measured: number | null = null;
  #receivedAt: Instant = 0;
  #online: boolean | null = null;
  #errors = 0;
  /** Since when a command waits for its confirmation. */
  #unansweredSince: Instant = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Without a connection nothing is sent, and nothing is sent later either. */
  command(opening: number): void {
    if (this.#write === null || !Number.isFinite(opening)) {
      return;
    }
    const position = gripperPosition(opening);
    this.#commanded = Math.max(0, Math.min(1, opening));
    if (position !== this.#sent) {
      this.#sent = position;
      this.#unansweredSince = this.#clock.now();
      this.#write(moveGripper(opening).request);
    }
  }

  state(): GripperState {
    const measured = this.#measured ?? this.#commanded ?? 1;
    return { commanded: this.#commanded ?? measured, measured, receivedAt: this.#receivedAt };
  }

  health(): GripperHealth {
    const { commanded, measured } = this.state();
    return {
      ...{ online: this.#online, errors: this.#errors, commanded, measured },
      unansweredSince: this.#unansweredSince,
    };
  }

  close(): Promise<void> {
    this.disconnected();
    return Promise.resolve();
  }

  connected(write: (bytes: Buffer) => void): void {
    this.disconnected();
    this.#write = write;
    this.#timer = setInterval(() => this.#poll(), POLL_PERIOD * 1000);
    this.#poll();
  }

  disconnected(): void {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
    }
    this.#timer = null;
    this.#write = null;
    this.#asked = false;
    this.#sent = null;
    this.#commanded = null;
    this.#online = null;
    this.#errors = 0;
    this.#unansweredSince = Infinity;
  }

  hear(message: JsonObject): void {
    if (answers(MOVE, message)) {
      this.#unansweredSince = Infinity;
      if (message.state === false) {
        // Refused: the same command may be given again.
        this.#sent = null;
      }
      return;
    }
    if (!answers(GRIPPER_REPORT, message)) {
      return;
    }
    this.#asked = false;
    const report = GRIPPER_REPORT.read(message);
    this.#online = report?.online ?? this.#online;
    this.#errors = report?.errors ?? this.#errors;
    if (report?.online) {
      this.#measured = report.opening;
      this.#receivedAt = this.#clock.now();
    }
  }

  #poll(): void {
    if (this.#commanded !== null && this.#clock.now() - this.#unansweredSince >= POLL_PERIOD / 2) {
      // Command or confirmation may be lost, and nothing else would tell; to command it once more changes nothing.
      this.#write?.(moveGripper(this.#commanded).request);
    }
    if (!this.#asked) {
      this.#asked = true;
      this.#write?.(GRIPPER_REPORT.request);
    }
  }
}
