import { defer, filter, map, merge, type Observable, of, take, timeout } from "rxjs";
import type { Clock } from "../ports/clock.js";
import type { PhaseTimes } from "../ports/policy.js";
import type { ChunkReport } from "../ports/task-news.js";
import type { Chunk } from "../types/chunk.js";
import type { Instant, Seconds } from "../types/units.js";
import type { ArmLink } from "./arm-link.js";
import type { Inferred } from "./infer.js";

/** The arm process answers within a tick or two; a chunk that it has not taken by then has expired. */
const ANSWER_TIME: Seconds = 0.5;

interface Answer {
  readonly accepted: boolean;
  readonly reason: string;
  readonly receivedAt: Instant;
}

/** Gives a chunk to the arm process and reports whether it was taken, with the time that each phase took. */
export function handOver(
  link: ArmLink,
  clock: Clock,
  chunk: Chunk,
  { inference, startedAt }: Inferred,
): Observable<ChunkReport> {
  return defer(() => {
    const ahead = chunk.targets.filter(({ dueAt }) => dueAt > clock.now()).length;
    const refused = (reason: string): Answer => ({ accepted: false, reason, receivedAt: clock.now() });
    const sending = defer(() =>
      link.send({ kind: "chunk", chunk }) ? [] : [refused("there is no link to the arm process")],
    );
    const answers = link.messages.pipe(
      filter((message) => message.kind === "chunk-result"),
      filter((message) => message.id === chunk.id),
    );
    const answer: Observable<Answer> =
      ahead === 0
        ? of(refused("too late: all its targets had passed"))
        : merge(answers, sending).pipe(
            take(1),
            timeout({
              first: ANSWER_TIME * 1000,
              with: () => of(refused("the arm process does not answer")),
            }),
          );
    return answer.pipe(
      map(
        ({ accepted, reason, receivedAt }): ChunkReport => ({
          id: chunk.id,
          epoch: chunk.epoch,
          capturedAt: chunk.capturedAt,
          period: chunk.period,
          steps: ahead,
          accepted,
          reason: accepted ? "" : reason,
          forced: !inference.fresh,
          tokens: inference.tokens,
          phases: {
            grab: startedAt - chunk.capturedAt,
            ...inference.phases,
            handOver: receivedAt - startedAt - modelTime(inference.phases),
          },
        }),
      ),
    );
  });
}

function modelTime({ preprocess, vision, prefill, text, codes, decode }: PhaseTimes): Seconds {
  return preprocess + vision + prefill + text + codes + decode;
}
