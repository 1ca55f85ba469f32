import { catchError, defer, EMPTY, exhaustMap, map, type Observable, type OperatorFunction, of, tap } from "rxjs";
import type { Clock } from "../ports/clock.js";
import { type Inference, InferenceError, type InferenceFlaw, type Policy, type TextSource } from "../ports/policy.js";
import type { Fault } from "../ports/task-news.js";
import type { Reasoning } from "../types/chunk.js";
import type { Observation } from "../types/observation.js";
import type { Instant, Seconds } from "../types/units.js";
import type { Sight } from "./observe.js";

/** How inferences follow each other. */
export interface InferencePlan {
  readonly instruction: string;
  /** Of the first inference; where texts are generated, each is the draft of the next. */
  readonly text: TextSource<Reasoning>;
  /** Steps of a chunk that are executed before the next one takes over. */
  readonly execute: number;
  /** Between two steps. */
  readonly period: Seconds;
}

/** One inference and what it was made from. */
export interface Inferred {
  readonly kind: "inferred";
  readonly observation: Observation;
  readonly released: boolean;
  readonly inference: Inference;
  readonly startedAt: Instant;
}

/** An inference that failed, for example because it missed its deadline. */
export interface InferenceFault {
  readonly kind: "fault";
  readonly fault: Fault;
  readonly flaw: InferenceFlaw;
}

/**
 * One inference at a time over the newest observation: `execute` steps after the previous capture, or as soon as the
 * arm has no targets left. Observations that arrive meanwhile are dropped; errors of the policy become fault values.
 */
export function infer(
  policy: Policy,
  clock: Clock,
  plan: InferencePlan,
): OperatorFunction<Sight, Inferred | InferenceFault> {
  return (sights) =>
    defer(() => {
      let previousAt: Instant = Number.NEGATIVE_INFINITY;
      let { text } = plan;
      return sights.pipe(
        exhaustMap((sight) => {
          if (sight.kind === "blind" || !isDue(sight, previousAt, plan)) {
            return EMPTY;
          }
          previousAt = sight.observation.capturedAt;
          return inferOnce(policy, clock, plan.instruction, text, sight).pipe(
            tap((result) => {
              if (result.kind === "inferred" && text.kind === "generated") {
                text = { kind: "generated", draft: result.inference.reasoning };
              }
            }),
          );
        }),
      );
    });
}

type Seen = Extract<Sight, { readonly kind: "observation" }>;

/** Takes the frame nearest to the wanted instant: half a frame early at 20 Hz is better than half a frame late. */
const NEAREST_FRAME = 0.25;

function isDue({ observation, pendingTargets }: Seen, previousAt: Instant, plan: InferencePlan): boolean {
  const steps = (observation.capturedAt - previousAt) / plan.period + NEAREST_FRAME;
  // One step at least: the report that shows the targets of the previous chunk may still be on its way.
  return steps >= plan.execute || (pendingTargets === 0 && steps >= 1);
}

function inferOnce(
  policy: Policy,
  clock: Clock,
  instruction: string,
  text: InferencePlan["text"],
  { observation, released }: Seen,
): Observable<Inferred | InferenceFault> {
  return defer(() => {
    const startedAt = clock.now();
    return policy.infer({ instruction, observation, text }).pipe(
      map((inference): Inferred => ({ kind: "inferred", observation, released, inference, startedAt })),
      catchError((error: unknown) => of(inferenceFault(error, startedAt))),
    );
  });
}

function inferenceFault(error: unknown, since: Instant): InferenceFault {
  return {
    kind: "fault",
    flaw: error instanceof InferenceError ? error.flaw : "other",
    fault: {
      code: "policy-failed",
      part: "policy",
      detail: error instanceof Error ? error.message : String(error),
      hint: "The arm holds. If this repeats, look at the policy's log and run `kinevla doctor`.",
      since,
      latched: false,
    },
  };
}
