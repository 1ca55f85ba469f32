import type { Arm, ArmListener, StopKind } from "../../daemon/ports/arm.js";
import type { ArmIdentity } from "../../daemon/types/arm-state.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { Rm75Options } from "./rm75-options.js";
import { NOTHING_BEFORE, Session } from "./session.js";

/** A RealMan RM75 on TCP or on a serial line; opens nothing before `connect`. */
export function createRm75Arm(options: Rm75Options): Arm {
  return new Rm75Arm(options);
}

class Rm75Arm implements Arm {
  readonly #options: Rm75Options;
  #session: Session | null = null;
  #former = NOTHING_BEFORE;

  constructor(options: Rm75Options) {
    this.#options = options;
  }

  async connect(listener: ArmListener): Promise<ArmIdentity> {
    if (this.#session !== null) {
      throw new Error("the arm is connected already");
    }
    const session = new Session(
      this.#options,
      {
        onState: (state) => listener.onState(state),
        onLost: (error) => {
          this.#forget(session);
          listener.onLost(error);
        },
      },
      this.#former,
    );
    this.#session = session;
    try {
      return await session.open();
    } catch (error) {
      this.#forget(session);
      throw error;
    }
  }

  send(setpoint: Parameters<Arm["send"]>[0]): void {
    this.#session?.send(setpoint.q);
  }

  stop(kind: StopKind): void {
    this.#session?.stop(kind);
  }

  async clearFaults(): Promise<void> {
    if (this.#session === null) {
      throw new DriverError("link-lost", "the arm is not connected");
    }
    await this.#session.clearFaults();
  }

  reset(): void {
    const session = this.#session;
    if (session !== null) {
      this.#forget(session);
      session.reset();
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    if (session !== null) {
      this.#forget(session);
      await session.close();
    }
  }

  #forget(session: Session): void {
    this.#former = session.former;
    this.#session = this.#session === session ? null : this.#session;
  }
}
