import type { Instant, JointPosition } from "../../../daemon/types/units.js";
import type { Impairment } from "../impair/impairment.js";
import type { Arrivals } from "./arrivals.js";
import type { Fault } from "./fault.js";
import type { History } from "./history-record.js";

/** What the lab asks the controller's process. */
export type ControllerQuestions = {
  /** Answered with the TCP port when commands are taken. */
  readonly start: { readonly asked: null; readonly answered: number };
  readonly arrivals: { readonly asked: null; readonly answered: Arrivals };
  readonly clearArrivals: { readonly asked: null; readonly answered: null };
  readonly inject: { readonly asked: Fault; readonly answered: null };
  /** Answered with the instant from which on it holds. */
  readonly impair: { readonly asked: Impairment; readonly answered: Instant };
  readonly takeHistory: { readonly asked: null; readonly answered: History };
  readonly feedPlant: { readonly asked: boolean; readonly answered: null };
  readonly reset: { readonly asked: JointPosition; readonly answered: null };
};

/** What the controller's process is started with, as its one argument in JSON. */
export interface ControllerProcessOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Where the world listens for a controller. */
  readonly plantPort: number;
}
