import { ignoreElements, map, type Observable } from "rxjs";
import type { TaskEvent } from "../loop/task-event.js";
import type { TaskPhase, TaskProgress } from "../operator/backend.js";
import type { ChunkReport, Understanding } from "../ports/task-news.js";

/** Changes the progress of a task, from now on. */
export type Advance = (change: Partial<TaskProgress>) => void;

/** Where the news of a task go. */
export interface TaskNews {
  understood(understanding: Understanding): void;
  chunk(chunk: ChunkReport): void;
  readonly advance: Advance;
}

/** Publishes what happens in a task; completes when it is over. */
export function tellTask(events: Observable<TaskEvent>, { understood, chunk, advance }: TaskNews): Observable<never> {
  let accepted = 0;
  return events.pipe(
    map((event) => {
      switch (event.kind) {
        case "phase":
          return advance({ phase: event.phase === "engaging" ? "thinking" : event.phase, detail: "" });
        case "understood":
          return understood(event.understanding);
        case "chunk":
          chunk(event.chunk);
          accepted += event.chunk.accepted ? 1 : 0;
          return advance({ chunks: accepted });
        case "fault":
          return advance({ detail: event.fault.detail });
        case "finished":
          return advance({ phase: PHASE_OF[event.outcome], detail: event.reason });
        default:
          return event satisfies never;
      }
    }),
    ignoreElements(),
  );
}

/** What each way to end a task is for operators. */
export const PHASE_OF: Readonly<Record<Extract<TaskEvent, { kind: "finished" }>["outcome"], TaskPhase>> = {
  completed: "finished",
  stopped: "stopped",
  failed: "failed",
  "timed-out": "failed",
};
