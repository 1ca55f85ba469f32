import { distinctUntilChanged, EMPTY, map, merge, type Observable, startWith, switchMap, takeWhile, timer } from "rxjs";
import type { Seconds } from "../types/units.js";
import { giveUp } from "./give-up.js";
import { infer } from "./infer.js";
import type { Sight } from "./observe.js";
import { planOf, type Task, type TaskPorts } from "./task.js";
import { finished, type TaskEvent, understood } from "./task-event.js";
import { tellMisfits } from "./tell-misfits.js";

/** Nothing to see for this long before the arm moves ends the task. */
const LONGEST_BLINDNESS: Seconds = 3;

/** Generates the text for an instruction while the arm holds; the chunk that comes with it is stale by then and is not used. */
export function understand(ports: TaskPorts, task: Task, sights: Observable<Sight>): Observable<TaskEvent> {
  const blindness = sights.pipe(
    startWith<Sight>({ kind: "blind", reason: "no pictures arrive" }),
    distinctUntilChanged((a, b) => a.kind === b.kind),
    switchMap((sight) =>
      sight.kind === "blind"
        ? timer(LONGEST_BLINDNESS * 1000).pipe(
            map(() => finished("failed", `there is nothing to go by: ${sight.reason}`)),
          )
        : EMPTY,
    ),
  );
  const thinking = sights.pipe(
    infer(ports.policy, ports.clock, planOf(task, null)),
    tellMisfits(ports.link),
    map((result) => (result.kind === "fault" ? result : understood(task.instruction, result.inference))),
    giveUp(),
  );
  return merge(blindness, thinking).pipe(
    takeWhile((event) => event.kind !== "understood" && event.kind !== "finished", true),
  );
}
