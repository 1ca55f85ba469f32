import type { ArmIdentity } from "../../daemon/types/arm-state.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { collisionMismatch, inWords } from "./arm-description.js";
import { COLLISION_STAGE, CONTROLLER_TEMPERATURE, RUNNING_TIME, TOOL_FRAME } from "./codec.js";
import { identify } from "./identify.js";
import type { QueryChannel } from "./query-channel.js";
import type { Rm75Options } from "./rm75-options.js";
import { toolMismatch } from "./tool-description.js";

// Interlocks: AR-06, AR-07, AR-17, AR-19, ML-18.

/** The arm is asked anew who it is with every so many questions: somebody may have changed its settings (AR-19: 5 s). */
const IDENTIFIED_EVERY = 5;

/** What the arm says of itself when it is asked: once when the link is opened, and once a second from then on. */
export class ReadBack {
  readonly #channel: QueryChannel;
  readonly #options: Pick<Rm75Options, "expected" | "tool" | "link" | "clock">;
  #times = 0;
  #controllerTemperature: number | null = null;
  #changed: string | null = null;
  /** Its own detection of collisions is too dull, in words; and when it was read last and was not. */
  #dull: string | null = null;
  #collisionReadAt: Instant = -Infinity;
  /** An answer that is none, in words. */
  #unreadable: string | null = null;
  #tool: string | null = null;
  #restarted: string | null = null;
  /** What the next link is told. */
  #formerly: Seconds | null;
  #runningTime: Seconds = 0;

  /** `formerly`: how long the controller had run when an earlier link to it was read last; null for no such link. */
  constructor(
    channel: QueryChannel,
    options: Pick<Rm75Options, "expected" | "tool" | "link" | "clock">,
    formerly: Seconds | null,
  ) {
    this.#channel = channel;
    this.#options = options;
    this.#formerly = formerly;
  }

  /** Degrees Celsius; null while it was not asked, NaN for no usable answer. */
  get controllerTemperature(): number | null {
    return this.#controllerTemperature;
  }

  /** What the arm reads back other than it must since the link was opened, in words; null for nothing. */
  get changed(): string | null {
    return this.#unreadable ?? this.#dull ?? this.#changed;
  }

  /** When the arm's own detection of collisions was read last and was sensitive enough; Infinity where it is not read again. */
  get collisionReadAt(): Instant {
    return this.#options.link.kind === "tcp" ? this.#collisionReadAt : Infinity;
  }

  /** What the controller counts with at its flange other than the configuration says, in words; null for nothing. */
  get tool(): string | null {
    return this.#tool;
  }

  /** That the controller has restarted since an earlier link, in words; null where it has not, or nobody can know. */
  get restarted(): string | null {
    return this.#restarted;
  }

  /** How long the controller had run when it was read last, for the next link; null where it was not. */
  get formerly(): Seconds | null {
    return this.#formerly;
  }

  /** Reads everything for the first time; throws DriverError, `wrong-arm` for an arm that must not be used. */
  async open(): Promise<ArmIdentity> {
    const identity = await identify(this.#channel, this.#options.expected);
    this.#collisionReadAt = this.#options.clock.now();
    this.#runningTime = await this.#channel.ask(RUNNING_TIME);
    this.#restarted = restart(this.#formerly, this.#runningTime);
    // A restart that is told of for less than a second is told of by the next link as well.
    this.#formerly = this.#restarted === null ? this.#runningTime : this.#formerly;
    await this.#readTool();
    return identity;
  }

  /**
   * Reads again what changes while the link is open. On a serial line, which is busy with the arm's state, only what its
   * restart changes. Throws DriverError: `no-answer`, or `link-lost` for a controller that restarted unnoticed.
   */
  async again(): Promise<void> {
    try {
      await this.#readRunningTime();
      await this.#readTool();
      if (this.#options.link.kind === "tcp") {
        await this.#readCollisionStage();
        this.#controllerTemperature = await this.#channel.ask(CONTROLLER_TEMPERATURE);
        this.#times += 1;
        if (this.#times % IDENTIFIED_EVERY === 0) {
          await this.#identifyAgain();
        }
      }
      this.#unreadable = null;
    } catch (error) {
      if (!(error instanceof DriverError) || error.code !== "bad-answer") {
        throw error;
      }
      this.#unreadable = error.message;
      this.#controllerTemperature = Number.NaN;
    }
  }

  async #readTool(): Promise<void> {
    this.#tool = toolMismatch(this.#options.tool, await this.#channel.ask(TOOL_FRAME));
  }

  async #readCollisionStage(): Promise<void> {
    const wrong = collisionMismatch(this.#options.expected, await this.#channel.ask(COLLISION_STAGE));
    this.#dull = wrong === null ? null : inWords(wrong);
    this.#collisionReadAt = wrong === null ? this.#options.clock.now() : this.#collisionReadAt;
  }

  async #readRunningTime(): Promise<void> {
    const runningTime = await this.#channel.ask(RUNNING_TIME);
    const restarted = restart(this.#runningTime, runningTime);
    // Of a restart the next link has to tell.
    this.#formerly = restarted === null ? runningTime : this.#runningTime;
    if (restarted !== null) {
      throw new DriverError("link-lost", restarted, { runningTime });
    }
    this.#runningTime = runningTime;
  }

  async #identifyAgain(): Promise<void> {
    try {
      await identify(this.#channel, this.#options.expected);
      this.#changed = null;
    } catch (error) {
      if (!(error instanceof DriverError) || error.code !== "wrong-arm") {
        throw error;
      }
      this.#changed = error.message;
    }
  }
}

/** A running time that falls, in words; null for one that does not. */
function restart(before: Seconds | null, now: Seconds): string | null {
  return before === null || now >= before
    ? null
    : `the arm's controller has restarted: it has run for ${now} s, and had for ${before} s before`;
}
