import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  scan,
  startWith,
  take,
  withLatestFrom,
} from "rxjs";
import type { ActionTokens, Reasoning } from "../types/chunk.js";
import type { Instant } from "../types/units.js";
import { leftPolicy, reportsOf } from "./arm-stages.js";
import { stillRun } from "./completion.js";
import { FROZEN_CHUNKS, sameRun } from "./frozen-output.js";
import { giveUp } from "./give-up.js";
import { handOver } from "./hand-over.js";
import { type InferenceFault, type Inferred, infer } from "./infer.js";
import type { Sight } from "./observe.js";
import { planOf, type Task, type TaskPorts } from "./task.js";
import { finished, type TaskEvent, understood } from "./task-event.js";
import { tellMisfits } from "./tell-misfits.js";
import { tellPictures } from "./tell-pictures.js";
import { toChunk } from "./to-chunk.js";

// Interlocks: PO-11, PO-18.

/** Follows the policy until the task is done or the arm process ends it. */
export function act(ports: TaskPorts, task: Task, sights: Observable<Sight>, text: Reasoning): Observable<TaskEvent> {
  const { link, cameras, clock } = ports;
  const begin = defer(() => {
    const askedAt: Instant = clock.now();
    const cameraFault = cameras.faults.pipe(
      filter((faults) => faults.length > 0),
      take(1),
      map(([fault]) => finished("failed", fault?.detail ?? "a camera has a fault")),
    );
    const follow = (epoch: number): Observable<TaskEvent> =>
      merge(
        leftPolicy(link, epoch, askedAt),
        cameraFault,
        tellPictures(link, cameras),
        propose(ports, task, sights, text, epoch),
      );
    return link
      .request({ kind: "follow-policy" }, task.lease)
      .pipe(
        mergeMap(({ ok, reason, epoch }) =>
          ok ? follow(epoch) : of(finished("failed", `the arm process refuses to follow the policy: ${reason}`)),
        ),
      );
  });
  return ports.barred().pipe(mergeMap((why) => (why === null ? begin : of(finished("failed", why)))));
}

/** Chunk after chunk of one epoch, until the policy has let go and asks for no more motion. */
function propose(
  ports: TaskPorts,
  task: Task,
  sights: Observable<Sight>,
  text: Reasoning,
  epoch: number,
): Observable<TaskEvent> {
  const { link, clock, policy } = ports;
  const { chunk, gripper, completion } = task.rules;
  const openings = reportsOf(link).pipe(
    map((report): number | null => report.gripper.commanded),
    startWith(null),
  );
  const handOverChunk = (inferred: Inferred, opening: number): Observable<TaskEvent> => {
    const { observation, inference } = inferred;
    const rules = { period: chunk.period, gripper };
    const made = toChunk(ports.nextChunkId(), observation, inference, opening, rules);
    return handOver(link, clock, made, inferred).pipe(map((report) => ({ kind: "chunk", chunk: report })));
  };
  return sights.pipe(
    filter((sight) => sight.kind === "blind" || sight.observation.epoch === epoch),
    infer(policy, clock, planOf(task, text)),
    tellMisfits(link),
    scan((before: Progress | null, result) => progress(before, result, task), null),
    filter((step) => step !== null),
    withLatestFrom(openings),
    concatMap(([{ result, still, same }, opening]): Observable<TaskEvent> => {
      if (result.kind === "fault") {
        return of(result);
      }
      if (same >= FROZEN_CHUNKS) {
        return of(finished("failed", "the policy gives the very same output whatever the cameras see; restart it"));
      }
      return concat(
        result.inference.fresh ? of(understood(task.instruction, result.inference)) : EMPTY,
        handOverChunk(result, opening ?? result.observation.gripper.commanded),
        still >= completion.stillChunks ? of(finished("completed", "")) : EMPTY,
      );
    }),
    giveUp(),
  );
}

interface Progress {
  readonly result: Inferred | InferenceFault;
  /** Chunks in a row that ask for no motion after letting go. */
  readonly still: number;
  /** Chunks in a row that are the same in everything. */
  readonly same: number;
  readonly tokens: ActionTokens | null;
}

function progress(before: Progress | null, result: Inferred | InferenceFault, task: Task): Progress {
  const { still, same, tokens } = before ?? { still: 0, same: 0, tokens: null };
  if (result.kind === "fault") {
    return { result, still, same, tokens };
  }
  const { released, inference } = result;
  return {
    result,
    still: stillRun(still, released, inference.deltas, task.rules.completion),
    same: sameRun(same, tokens, inference.tokens),
    tokens: inference.tokens,
  };
}
