import { mergeMap, type OperatorFunction, scan } from "rxjs";
import { finished, type TaskEvent } from "./task-event.js";

/** Failed inferences and refused chunks in a row after which a task ends; half a second of failures at 10 Hz. */
const MOST_FAILURES = 5;

interface Run {
  readonly event: TaskEvent | null;
  readonly failures: number;
  /** What went wrong first. */
  readonly reason: string;
}

/** Ends a task after five failures in a row, naming the first of them. */
export function giveUp(): OperatorFunction<TaskEvent, TaskEvent> {
  return (events) =>
    events.pipe(
      scan(count, { event: null, failures: 0, reason: "" }),
      mergeMap(({ event, failures, reason }) => [
        ...(event === null ? [] : [event]),
        ...(failures === MOST_FAILURES ? [finished("failed", reason)] : []),
      ]),
    );
}

function count(before: Run, event: TaskEvent): Run {
  const reason = failureOf(event);
  if (reason !== null) {
    return { event, failures: before.failures + 1, reason: before.failures === 0 ? reason : before.reason };
  }
  return event.kind === "chunk" ? { event, failures: 0, reason: "" } : { ...before, event };
}

function failureOf(event: TaskEvent): string | null {
  if (event.kind === "fault") {
    return event.fault.detail;
  }
  return event.kind === "chunk" && !event.chunk.accepted
    ? `chunks are refused by the arm process: ${event.chunk.reason}`
    : null;
}
