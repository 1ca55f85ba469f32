import type { StopCode } from "../../../daemon/arm/stop-codes.js";
import type { Instant, Seconds } from "../../../daemon/types/units.js";
import type { Random } from "../../../drivers/virtual-lab/scene/random.js";
import type { Reaction } from "../history/reaction.js";
import type { RunHistory, Violation } from "../history/run-history.js";
import type { FaultRig } from "../rig/fault-rig.js";

/** What the system does when the fault comes. */
export type TrialMode = "policy" | "homing" | "teleop" | "hold" | "standby";

/** Modes in which the arm moves because an operator asked for it. */
export const ASKED: readonly TrialMode[] = ["policy", "homing"];
/** Every mode in which the arm moves; a leader arm moves it by its own button. */
export const MOVING: readonly TrialMode[] = [...ASKED, "teleop"];

/** What must come of a fault at the arm. */
export type Expectation =
  /** Comes to rest by the stopping ramp or a stop, and stays there. */
  | "rest"
  /** A stop command arrives; nothing after it. */
  | "stop"
  /** The motion is left by the daemon's own account: nothing can reach the arm. */
  | "left"
  /** Nothing stops; the arm goes on. */
  | "undisturbed"
  /** Only `after` and the checks of every history matter. */
  | "checked";

/** Longest times from the fault's visibility, ms; null where the catalogue gives none. */
export interface Budget {
  readonly reaction: number | null;
  readonly still: number | null;
}

/** When a fault could be seen at our boundary. */
export type Visible =
  | Instant
  /** The first state that was pushed after this instant tells of it. */
  | { readonly pushAfter: Instant }
  /** A mark of the controller. */
  | { readonly mark: string; readonly seen: "at-once" | "next-push" };

/** What a trial works with. */
export interface TrialContext {
  readonly rig: FaultRig;
  readonly mode: TrialMode;
  readonly random: Random;
  /** Goes up by 1 from run to run. */
  readonly run: number;
}

/** What is known of a run when its record is judged. */
export interface Outcome extends TrialContext {
  readonly history: RunHistory;
  readonly visibleAt: Instant;
  readonly reaction: Reaction;
}

/** One way to bring about a case. */
export interface Trial {
  readonly name: string;
  readonly modes: readonly TrialMode[];
  readonly expect: Expectation;
  /** A stop that may end the motion by a ramp although nothing has to. */
  readonly mayRampBy?: StopCode;
  /** In place of the case's own. */
  readonly budget?: Budget;
  /** How long the record goes on after the fault; 1.2 s where nothing is said. */
  readonly watch?: Seconds;
  /** The reaction is looked for within this time: later motion is another matter. */
  readonly within?: Seconds;
  /** At most so many runs: each takes long, or goes through a list by itself. */
  readonly most?: number;
  /** Needs a system in which the arm moves only while hold-to-run is pressed. */
  readonly holdToRun?: boolean;
  /** Needs a policy that could be followed, also in modes in which none is. */
  readonly policy?: boolean;
  /** Promises that the fault itself makes impossible. */
  readonly breaks?: readonly Violation["check"][];
  /** A process has to be started again afterwards. */
  readonly fresh?: boolean;
  /** Brings the fault about; says when it could be seen. */
  inject(context: TrialContext): Promise<Visible>;
  /** Looks at what else must hold while the fault lasts; problems in words. */
  after?(context: TrialContext): Promise<readonly string[]>;
  /** What the record must show besides; problems in words. */
  judge?(outcome: Outcome): readonly string[];
}

/** One row of safety.md §4.2. */
export interface FaultCase {
  readonly id: number;
  readonly inject: string;
  readonly expected: string;
  readonly budget: Budget;
  readonly trials: readonly Trial[];
  /** What of the row cannot run here, and why. */
  readonly cannot?: string;
}

/** A row that cannot run here at all. */
export function cannotRun(id: number, inject: string, expected: string, cannot: string): FaultCase {
  return { id, inject, expected, budget: NO_BUDGET, trials: [], cannot };
}

/** A row without times. */
export const NO_BUDGET: Budget = { reaction: null, still: null };

/** A trial of the row that has one only. */
export function only(trial: Omit<Trial, "name">): readonly Trial[] {
  return [{ name: "", ...trial }];
}
