import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../daemon/ports/clock.js";
import { type ArmState, QUIET_LINK } from "../../daemon/types/arm-state.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { Seconds } from "../../daemon/types/units.js";
import { JOINT_ENABLED, JOINT_ERRORS, POLLED_STATE } from "./codec.js";
import type { QueryChannel } from "./query-channel.js";

/** Question and answer take 6 ms at 460800 baud beside a frame of 3 ms every 10 ms; this leaves the line mostly free. */
const POLL_PERIOD: Seconds = 0.03;
/** Every so many polls the joints are asked for errors and enabling, too. */
const JOINTS_EVERY = 5;

/** Asks for the state again and again, for lines without a push, until `ended`; never rejects. */
export async function pollState(
  channel: QueryChannel,
  clock: Clock,
  report: (state: ArmState) => void,
  ended: () => boolean,
  lost: (error: DriverError) => void,
): Promise<void> {
  let jointErrors: readonly number[] = [];
  let jointEnabled: readonly boolean[] = [];
  try {
    for (let polls = 0; !ended(); polls += 1) {
      if (polls % JOINTS_EVERY === 0) {
        jointErrors = await channel.ask(JOINT_ERRORS);
        jointEnabled = await channel.ask(JOINT_ENABLED);
      }
      const { q: measured, systemErrors } = await channel.ask(POLLED_STATE);
      const rest = { status: "polled", health: null, link: QUIET_LINK };
      report({ receivedAt: clock.now(), measured, systemErrors, jointErrors, jointEnabled, ...rest });
      await delay(POLL_PERIOD * 1000);
    }
  } catch (error) {
    const known = error instanceof DriverError;
    lost(known ? error : new DriverError("bad-answer", "polling the arm's state failed", {}, error));
  }
}
