import {
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  share,
  take,
  takeWhile,
  timer,
} from "rxjs";
import type { CameraFault } from "../types/frame.js";
import { act } from "./act.js";
import { reportsOf, toHold, toHome } from "./arm-stages.js";
import { observe } from "./observe.js";
import { pausable } from "./pausable.js";
import { unfitness } from "./policy-fitness.js";
import type { Task, TaskPorts, TaskSignals } from "./task.js";
import { finished, type TaskEvent } from "./task-event.js";
import { understand } from "./understand.js";

// Interlocks: PO-19.

/**
 * Follows one instruction from start to end: hold, home, understand, follow the policy until it is done.
 * The last event is `finished`, after the arm was asked to hold. To end it early use `signals.cancelled`;
 * unsubscribing only ends the proposals, upon which the arm process ramps to hold by itself.
 */
export function runTask(ports: TaskPorts, task: Task, signals: TaskSignals): Observable<TaskEvent> {
  return defer(() => {
    const { link, cameras, clock, policy } = ports;
    const sights = observe({ cameras, reports: reportsOf(link), clock }).pipe(share());
    const stage = (name: Phase, motion: Observable<TaskEvent>): Observable<TaskEvent> =>
      pausable(concat(phase(name), toHold(link, task.lease), motion), signals.paused, link, task.lease);

    const stages = concat(
      merge(
        policy.status.pipe(take(1), map(unfitness)),
        cameras.faults.pipe(take(1), map(faultOf)),
        ports.barred(),
      ).pipe(mergeMap((reason) => (reason === null ? EMPTY : of(finished("failed", reason))))),
      stage("engaging", EMPTY),
      task.homeFirst ? stage("homing", toHome(link, task.lease, clock)) : EMPTY,
      concat(phase("thinking"), understand(ports, task, sights)).pipe(
        concatMap((event) =>
          event.kind === "understood"
            ? concat(of(event), stage("acting", act(ports, task, sights, event.understanding)))
            : of(event),
        ),
      ),
    );
    const ends = merge(
      timer(task.longest * 1000).pipe(map(() => finished("timed-out", `not finished after ${task.longest} s`))),
      signals.cancelled.pipe(
        take(1),
        map((reason) => finished("stopped", reason)),
      ),
    );
    return merge(ends, sights.pipe(ignoreElements()), stages).pipe(
      takeWhile((event) => event.kind !== "finished", true),
      concatMap((event) =>
        event.kind === "finished"
          ? concat(link.request({ kind: "hold" }, task.lease).pipe(ignoreElements()), of(event))
          : of(event),
      ),
    );
  });
}

function faultOf(faults: readonly CameraFault[]): string | null {
  return faults[0]?.detail ?? null;
}

type Phase = Extract<TaskEvent, { readonly kind: "phase" }>["phase"];

function phase(name: Phase): Observable<TaskEvent> {
  return of({ kind: "phase", phase: name });
}
