import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  take,
  takeWhile,
  timeout,
  timer,
} from "rxjs";
import type { ArmLink } from "../loop/arm-link.js";
import { leftPolicy, reportsOf, toHold, toHome } from "../loop/arm-stages.js";
import { type Finished, finished } from "../loop/task-event.js";
import type { Clock } from "../ports/clock.js";
import type { ReplayDifferences } from "../ports/task-news.js";
import type { Chunk } from "../types/chunk.js";
import { type Instant, jointAt, jointPosition, type Seconds } from "../types/units.js";
import { differencesOf } from "./differences.js";
import { type RecordedMotion, STEP } from "./recorded-motion.js";
import { firstFrom, type TrackPoint, trackAt } from "./track.js";

/** What a replay works with. */
export interface ReplayPorts {
  readonly link: ArmLink;
  readonly clock: Clock;
  /** Counts up within one daemon run. */
  nextChunkId(): number;
}

/** What happens in a replay, in order; `finished` is the last. */
export type ReplayEvent =
  /** `homing`: on the way to the first setpoint. */
  | { readonly kind: "phase"; readonly phase: "engaging" | "homing" | "acting" }
  /** So much of it is replayed. */
  | { readonly kind: "reached"; readonly after: Seconds }
  /** How it compares with the recording; only of one that came to its end. */
  | { readonly kind: "compared"; readonly differences: ReplayDifferences | null }
  | Finished;

/** A chunk is handed over this often, and reaches this far: a daemon that is held up for less loses nothing. */
const EVERY: Seconds = 0.2;
const CHUNK_TARGETS = 50;
/** From the first chunk to its first target: it is there by then. */
const LEAD: Seconds = 0.1;
/** An arm lags up to 50 ms (ML-13); a policy that gives no target for 250 ms is left by the arm process. */
const SETTLES: Seconds = 0.2;
/**
 * A recorded stopping ramp is twice as hard as what a policy is allowed: at full speed the replay goes 4.9 degrees further
 * (test/replay/supervised.test.ts); and half as much again.
 */
const ASTRAY = (8 * Math.PI) / 180;
const TELL_EVERY: Seconds = 2;
/** Reports come every 20 ms; a request is answered within 3 s (loop/socket-arm-link.ts). */
const REPORTED: Seconds = 4;

/**
 * Replays a motion: hold, slowly to its first setpoint, then its setpoints at their times as chunks that the arm process
 * admits, plans and guards like a policy's. Whatever ends it, the arm was asked to hold unless somebody else moves it.
 */
export function play(
  ports: ReplayPorts,
  motion: RecordedMotion,
  lease: number,
  cancelled: Observable<string>,
): Observable<ReplayEvent> {
  const { link, clock } = ports;
  const first = motion.targets[0]?.q ?? [];
  const stages = concat(
    phase("engaging"),
    toHold(link, lease),
    phase("homing"),
    defer(() => toHome(link, lease, clock, jointPosition(first))),
    phase("acting"),
    follow(ports, motion, lease),
  );
  const ends = cancelled.pipe(
    take(1),
    map((reason) => finished("stopped", reason)),
  );
  return merge(ends, stages).pipe(
    takeWhile((event) => event.kind !== "finished", true),
    concatMap((event) => (event.kind === "finished" ? concat(letGo(link, lease), of(event)) : of(event))),
  );
}

/** Ends the motion that this replay may have begun; a leader arm that took over keeps the arm. */
function letGo(link: ArmLink, lease: number): Observable<never> {
  return reportsOf(link).pipe(
    take(1),
    mergeMap(({ mode }) => (mode === "policy" || mode === "homing" ? link.request({ kind: "hold" }, lease) : EMPTY)),
    ignoreElements(),
    // An arm process that is away holds by itself.
    timeout({ first: REPORTED * 1000, with: () => EMPTY }),
  );
}

function follow(ports: ReplayPorts, motion: RecordedMotion, lease: number): Observable<ReplayEvent> {
  const { link, clock } = ports;
  return defer(() => {
    const askedAt = clock.now();
    return link
      .request({ kind: "follow-policy" }, lease)
      .pipe(
        mergeMap(({ ok, reason, epoch }) =>
          ok
            ? merge(leftPolicy(link, epoch, askedAt), replayed(ports, motion, epoch))
            : of(finished("failed", `the arm process refuses to follow: ${reason}`)),
        ),
      );
  });
}

/** Hands the motion over piece by piece, watches where the arm goes, and compares at the end. */
function replayed(ports: ReplayPorts, motion: RecordedMotion, epoch: number): Observable<ReplayEvent> {
  const { link, clock } = ports;
  return defer(() => {
    const startAt = clock.now() + LEAD;
    const measured: TrackPoint[] = [];
    const watched = reportsOf(link).pipe(
      filter((report) => report.epoch === epoch),
      mergeMap(({ at, measured: q, measuredAge, commanded }): Observable<Finished> => {
        if (q !== null && measuredAge !== null) {
          measured.push({ after: at - measuredAge - startAt, q });
        }
        const astray = commanded === null ? null : strayed(motion, commanded, at - startAt);
        return astray === null ? EMPTY : of(finished("failed", astray));
      }),
    );
    const told = timer(TELL_EVERY * 1000, TELL_EVERY * 1000).pipe(
      map((): ReplayEvent => ({ kind: "reached", after: Math.min(clock.now() - startAt, motion.length) })),
    );
    const end = timer((LEAD + motion.length + SETTLES) * 1000).pipe(
      mergeMap((): readonly ReplayEvent[] => [
        { kind: "compared", differences: differencesOf(motion.measured, measured) },
        finished("completed", ""),
      ]),
    );
    return merge(watched, refusals(link, startAt), told, end, handOver(ports, motion, epoch, startAt));
  });
}

function handOver(
  { link, clock, nextChunkId }: ReplayPorts,
  motion: RecordedMotion,
  epoch: number,
  startAt: Instant,
): Observable<Finished> {
  /** When the last target is due that was handed over. */
  let until: Instant = Infinity;
  return timer(0, EVERY * 1000).pipe(
    takeWhile(() => until === Infinity || until < startAt + motion.length),
    mergeMap((): Observable<Finished> => {
      const now = clock.now();
      if (now >= until) {
        return of(finished("failed", `the daemon was held up ${(now - startAt).toFixed(1)} s after the start`));
      }
      const chunk = chunkOf(motion, startAt, { now, epoch, id: nextChunkId() });
      until = chunk.targets.at(-1)?.dueAt ?? until;
      return link.send({ kind: "chunk", chunk })
        ? EMPTY
        : of(finished("failed", "there is no link to the arm process"));
    }),
  );
}

/** The next piece of a motion that began at `startAt`, from `now` on. */
export function chunkOf(
  motion: RecordedMotion,
  startAt: Instant,
  { now, epoch, id }: { readonly now: Instant; readonly epoch: number; readonly id: number },
): Chunk {
  const from = firstFrom(motion.targets, now - startAt);
  const targets = motion.targets.slice(from, from + CHUNK_TARGETS).map(({ after, q, gripper }) => {
    return { dueAt: startAt + after, q: jointPosition(q), gripper };
  });
  return { id, epoch, capturedAt: now, period: STEP, targets };
}

function refusals(link: ArmLink, startAt: Instant): Observable<Finished> {
  return link.messages.pipe(
    filter((message) => message.kind === "chunk-result"),
    filter(({ accepted }) => !accepted),
    map(({ reason, receivedAt }) => {
      const when = `${Math.max(0, receivedAt - startAt).toFixed(1)} s after the start`;
      return finished("failed", `the arm process refuses what comes ${when}: ${reason}`);
    }),
  );
}

/** How the arm has left the recorded way, in words; null while it is on it. Slowed down it would take another way. */
function strayed(motion: RecordedMotion, commanded: readonly number[], after: Seconds): string | null {
  const wanted = trackAt(motion.setpoints, after);
  const joint = wanted?.findIndex((angle, index) => Math.abs(angle - (commanded[index] ?? Number.NaN)) > ASTRAY) ?? -1;
  if (wanted === null || joint < 0) {
    return null;
  }
  const by = ((Math.abs(jointAt(wanted, joint) - (commanded[joint] ?? Number.NaN)) * 180) / Math.PI).toFixed(1);
  return `J${joint + 1} is ${by} degrees off the recorded way ${after.toFixed(1)} s after the start`;
}

function phase(name: Extract<ReplayEvent, { kind: "phase" }>["phase"]): Observable<ReplayEvent> {
  return of({ kind: "phase", phase: name });
}
