import {
  concat,
  distinctUntilChanged,
  ignoreElements,
  map,
  NEVER,
  type Observable,
  of,
  switchMap,
  takeWhile,
} from "rxjs";
import type { ArmLink } from "./arm-link.js";
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
    link.request({ kind: "hold" }, lease).pipe(ignoreElements()),
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
