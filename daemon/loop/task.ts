import type { Observable } from "rxjs";
import type { Cameras } from "../ports/camera.js";
import type { Clock } from "../ports/clock.js";
import type { Policy } from "../ports/policy.js";
import type { Reasoning } from "../types/chunk.js";
import type { Seconds } from "../types/units.js";
import type { ArmLink } from "./arm-link.js";
import type { InferencePlan } from "./infer.js";

/** What the loop needs to know of a bundle; a manifest has this shape. */
export interface BundleRules {
  readonly chunk: {
    /** Seconds between two steps. */
    readonly period: Seconds;
    /** Steps executed before the next chunk takes over. */
    readonly execute: number;
  };
  readonly gripper: { readonly threshold: number; readonly hysteresis: number };
  readonly completion: { readonly stillChunks: number; readonly stillness: number };
}

/** One instruction to follow. */
export interface Task {
  readonly instruction: string;
  /** Go to the home pose first. */
  readonly homeFirst: boolean;
  /** The control lease under which the arm is asked to move. */
  readonly lease: number;
  readonly rules: BundleRules;
  /** `every-chunk`: generate the text for each chunk; `cached`: generate it once and force it from then on. */
  readonly reasoning: "cached" | "every-chunk";
  /** A task that is not finished by then ends as `timed-out`. */
  readonly longest: Seconds;
}

/** What a task works with. */
export interface TaskPorts {
  readonly link: ArmLink;
  readonly cameras: Pick<Cameras, "frames" | "faults">;
  readonly policy: Policy;
  readonly clock: Clock;
  /** Why no policy may begin to move the arm now, in words; null when one may. Asked before each start, also after a pause. */
  barred(): Observable<string | null>;
  /** Counts up within one daemon run. */
  nextChunkId(): number;
}

/** What others tell a running task; both give their present value on subscription, if there is one. */
export interface TaskSignals {
  /** True while the arm should hold and the task be kept. */
  readonly paused: Observable<boolean>;
  /** Ends the task as `stopped`, for the reason given. */
  readonly cancelled: Observable<string>;
}

/** How the inferences of a task follow each other, given the text of the one before; null before the first. */
export function planOf({ instruction, rules, reasoning }: Task, before: Reasoning | null): InferencePlan {
  const text = before && { coarse: before.coarse, fine: before.fine, generatedAt: before.generatedAt };
  return {
    instruction,
    text: text !== null && reasoning === "cached" ? { kind: "forced", text } : { kind: "generated", draft: text },
    execute: rules.chunk.execute,
    period: rules.chunk.period,
  };
}
