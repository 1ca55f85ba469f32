import {
  concat,
  distinctUntilChanged,
  EMPTY,
  ignoreElements,
  map,
  mergeMap,
  NEVER,
  type Observable,
  of,
  switchMap,
  take,
  takeWhile,
} from "rxjs";
import type { ArmLink } from "./arm-link.js";
import { reportsOf } from "./arm-stages.js";
import type { TaskEvent } from "./task-event.js";

/** Runs a stage that moves the arm; while `paused` the arm holds, afterwards the stage begins anew. */
export function pausable(
  stage: Observable<TaskEvent>,
  paused: Observable<boolean>,
  link: ArmLink,
  lease: number,
): Observable<TaskEvent> {
  const pause: Observable<Step> = concat(
    of<Step>({ kind: "phase", phase: "paused" }),
    // Taken over by the leader arm, it is the leader's.
    reportsOf(link).pipe(
      take(1),
      mergeMap(({ mode }) => (mode === "teleop" ? EMPTY : link.request({ kind: "hold" }, lease))),
      ignoreElements(),
    ),
    NEVER,
  );
  const run: Observable<Step> = concat(stage, of<Step>({ kind: "stage-over" }));
  return paused.pipe(
    distinctUntilChanged(),
    switchMap((hold) => (hold ? pause : run)),
    takeWhile((step) => step.kind !== "stage-over"),
    map((step) => step),
  );
}

type Step = TaskEvent | { readonly kind: "stage-over" };
