import type { ArmIdentity } from "../../daemon/types/arm-state.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import { CONTROLLER_TEMPERATURE, TOOL_FRAME } from "./codec.js";
import { identify } from "./identify.js";
import type { QueryChannel } from "./query-channel.js";
import type { Rm75Options } from "./rm75-options.js";
import { toolMismatch } from "./tool-description.js";

// Interlocks: AR-06, AR-19, ML-18.

/** The arm is asked anew who it is with every so many questions: somebody may have changed its settings (AR-19: 5 s). */
const IDENTIFIED_EVERY = 5;

/** What the arm says of itself when it is asked: once when the link is opened, and once a second from then on. */
export class ReadBack {
  readonly #channel: QueryChannel;
  readonly #options: Pick<Rm75Options, "expected" | "tool" | "link">;
  #times = 0;
  #controllerTemperature: number | null = null;
  #changed: string | null = null;
  #tool: string | null = null;

  constructor(channel: QueryChannel, options: Pick<Rm75Options, "expected" | "tool" | "link">) {
    this.#channel = channel;
    this.#options = options;
  }

  /** Degrees Celsius; null while it was not asked, NaN for no usable answer. */
  get controllerTemperature(): number | null {
    return this.#controllerTemperature;
  }

  /** What the arm reads back other than it must since the link was opened, in words; null for nothing. */
  get changed(): string | null {
    return this.#changed;
  }

  /** What the controller counts with at its flange other than the configuration says, in words; null for nothing. */
  get tool(): string | null {
    return this.#tool;
  }

  /** Reads everything for the first time; throws DriverError, `wrong-arm` for an arm that must not be used. */
  async open(): Promise<ArmIdentity> {
    const identity = await identify(this.#channel, this.#options.expected);
    await this.#readTool();
    return identity;
  }

  /**
   * Reads again what changes while the link is open; throws DriverError `no-answer`. On a serial line, which is busy with
   * the arm's state, only what bars engaging.
   */
  async again(): Promise<void> {
    await this.#readTool();
    if (this.#options.link.kind === "serial") {
      return;
    }
    try {
      this.#controllerTemperature = await this.#channel.ask(CONTROLLER_TEMPERATURE);
      this.#times += 1;
      if (this.#times % IDENTIFIED_EVERY === 0) {
        await this.#identifyAgain();
      }
    } catch (error) {
      if (!isBadAnswer(error)) {
        throw error;
      }
      this.#controllerTemperature = Number.NaN;
    }
  }

  async #readTool(): Promise<void> {
    try {
      this.#tool = toolMismatch(this.#options.tool, await this.#channel.ask(TOOL_FRAME));
    } catch (error) {
      if (!isBadAnswer(error)) {
        throw error;
      }
      this.#tool = error.message;
    }
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

function isBadAnswer(error: unknown): error is DriverError {
  return error instanceof DriverError && error.code === "bad-answer";
}
