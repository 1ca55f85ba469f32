import { defer, EMPTY, filter, first, map, mergeMap, type Observable, of, skipWhile, timeout } from "rxjs";
import type { Clock } from "../ports/clock.js";
import type { ArmReport, ArmRequest } from "../types/arm-link.js";
import type { Instant, JointPosition, Seconds } from "../types/units.js";
import type { ArmLink } from "./arm-link.js";
import { type Finished, finished } from "./task-event.js";

/** A mode that was asked for shows in the reports by then; they come every 20 ms. */
const MODE_SHOWS: Seconds = 0.5;
/** Engaging holds the pose for 0.3 s and the longest stopping ramp takes 0.6 s (safety.md section 2.1); the rest is allowance. */
const HOLD_TIME: Seconds = 5;
/** Half the widest joint range at the slowest planned speed is 9 s (178 deg at 20 deg/s, safety.md section 2.1); with allowance for a whole one. */
const HOME_TIME: Seconds = 30;

/** The state reports of the arm process. */
export function reportsOf(link: ArmLink): Observable<ArmReport> {
  return link.messages.pipe(
    filter((message) => message.kind === "state"),
    map(({ state }) => state),
  );
}

/** Brings the arm to rest in `hold` from wherever it is; completes when it stands, or ends the task. */
export function toHold(link: ArmLink, lease: number): Observable<Finished> {
  const arrival = reportsOf(link).pipe(
    first((report) => isAtRest(report) || report.mode === "fault" || report.mode === "disconnected"),
    mergeMap((report) => (isAtRest(report) ? EMPTY : of(finished("failed", whyNot(report))))),
  );
  return reportsOf(link).pipe(
    first(),
    mergeMap((report): Observable<Finished> => {
      switch (report.mode) {
        case "hold":
          return isAtRest(report) ? EMPTY : arrival;
        case "standby":
          return ask(link, { kind: "engage" }, lease, arrival);
        case "policy":
        case "homing":
        case "align":
        case "teleop":
          return ask(link, { kind: "hold" }, lease, arrival);
        case "disconnected":
        case "fault":
        case "recovery":
          return of(finished("failed", whyNot(report)));
        default:
          return report.mode satisfies never;
      }
    }),
    timeout({
      first: HOLD_TIME * 1000,
      with: () => of(finished("failed", "the arm process does not bring the arm to hold")),
    }),
  );
}

/** Goes to the home pose, or to another one (rad), as slowly; completes when the arm holds there, or ends the task. */
export function toHome(link: ArmLink, lease: number, clock: Clock, to?: JointPosition): Observable<Finished> {
  return defer(() => {
    const askedAt = clock.now();
    const arrival = reportsOf(link).pipe(
      skipWhile((report) => stillHolds(report, askedAt)),
      first(({ mode }) => mode !== "homing"),
      mergeMap((report) =>
        report.mode === "hold" && report.stops.every(({ at }) => at < askedAt) ? EMPTY : of(ending(report, askedAt)),
      ),
    );
    return ask(link, { kind: "home", ...(to === undefined ? {} : { to }) }, lease, arrival).pipe(
      timeout({
        first: HOME_TIME * 1000,
        with: () =>
          of(finished("failed", `the arm did not reach ${to === undefined ? "its home pose" : "that pose"} in time`)),
      }),
    );
  });
}

/** Ends the task when the arm process leaves `policy` or changes the epoch; `askedAt` is when following was asked for. */
export function leftPolicy(link: ArmLink, epoch: number, askedAt: Instant): Observable<Finished> {
  return reportsOf(link).pipe(
    skipWhile((report) => stillHolds(report, askedAt)),
    first((report) => report.mode !== "policy" || report.epoch !== epoch),
    map((report) => ending(report, askedAt)),
  );
}

/** Holding, and no stopping ramp under way any more. */
function isAtRest({ mode, source }: ArmReport): boolean {
  return mode === "hold" && source !== "stop";
}

/** The motion that was asked for has not shown in the reports yet. */
function stillHolds(report: ArmReport, askedAt: Instant): boolean {
  return report.mode === "hold" && report.at < askedAt + MODE_SHOWS;
}

function ask(link: ArmLink, request: ArmRequest, lease: number, then: Observable<Finished>): Observable<Finished> {
  return link
    .request(request, lease)
    .pipe(
      mergeMap(({ ok, reason }) =>
        ok ? then : of(finished("failed", `the arm process refuses to ${request.kind}: ${reason}`)),
      ),
    );
}

/** Why motion ended: a stop that somebody wanted, one that the arm process needed, or none. */
function ending(report: ArmReport, since: Instant): Finished {
  const stop = report.stops.find(({ at }) => at >= since);
  if (stop === undefined) {
    return report.mode === "hold"
      ? finished("stopped", "the arm was asked to hold")
      : finished("failed", whyNot(report));
  }
  const byPerson = stop.code.startsWith("operator") || stop.code === "deadman-released";
  return finished(byPerson ? "stopped" : "failed", `${stop.detail} ${stop.hint}`);
}

function whyNot({ mode, stops }: ArmReport): string {
  const stop = stops[0];
  return stop === undefined ? `the arm is in mode ${mode}` : `${stop.detail} ${stop.hint}`;
}
