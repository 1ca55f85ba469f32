import type { StopReport } from "../types/arm-link.js";
import type { ArmState } from "../types/arm-state.js";
import type { Setpoint } from "../types/setpoint.js";
import type { Instant } from "../types/units.js";
import { type FlightEntry, FlightLog } from "./flight-log.js";
import { STOP_HINT, type StopCode } from "./stop-codes.js";

/** Stops shown to the operator. */
const KEPT = 8;

/** Why it does not move, with what was sent before; each stop is told once. */
export class StopLog {
  readonly #flight = new FlightLog();
  readonly #tell: (stop: StopReport, flight: readonly FlightEntry[]) => void;
  #stops: readonly StopReport[] = [];

  constructor(tell: (stop: StopReport, flight: readonly FlightEntry[]) => void) {
    this.#tell = tell;
  }

  /** Newest first; empty when nothing is wrong. */
  get stops(): readonly StopReport[] {
    return this.#stops;
  }

  /** Keeps a sent setpoint for the report of a stop. */
  sent(setpoint: Setpoint, arm: ArmState | null): void {
    this.#flight.add(setpoint.dueAt, setpoint.source, setpoint.q, arm);
  }

  add(code: StopCode, detail: string, latched: boolean, at: Instant): void {
    const stop: StopReport = { code, detail, hint: STOP_HINT[code], at, latched };
    this.#stops = [stop, ...this.#stops].slice(0, KEPT);
    this.#tell(stop, this.#flight.entries());
  }

  /** The same as `add` for what is latched already, unless it is the newest. */
  once(code: StopCode, detail: string, at: Instant): void {
    if (this.#stops[0]?.code !== code) {
      this.add(code, detail, true, at);
    }
  }

  /** Something new begins: what was wrong before is over. */
  clear(): void {
    this.#stops = [];
  }
}
