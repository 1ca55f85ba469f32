import type { Seconds } from "../types/units.js";
import type { Condition } from "../watch/condition.js";
import type { LeaderLimits } from "../watch/leader-limits.js";

// Interlocks: OP-07, OP-08, OP-09.

/** What a leader that is followed is judged by. */
export interface LeaderFacts {
  /** It is followed. */
  readonly leading: boolean;
  /** Of the newest reading; Infinity without one. */
  readonly age: Seconds;
  /** Between the last two readings, rad and rad/s. */
  readonly step: { readonly distance: number; readonly speed: number };
  /** For so long its readings have said the very same. */
  readonly sameFor: Seconds;
  /** How far the arm was sent since they do, rad. */
  readonly wentMeanwhile: number;
  /** The largest offset between leader and arm, rad. */
  readonly apart: number;
}

/** The table of interlocks of the leader; `mostAge` is the guard's. Nothing is judged while it is not followed. */
export function leaderConditions(facts: LeaderFacts, limits: LeaderLimits, mostAge: Seconds): readonly Condition[] {
  const { leading, age, step, sameFor, wentMeanwhile, apart } = facts;
  const { jump, late, frozen, refused } = limits;
  const row = { lasting: 0 };
  return [
    {
      ...{ ...row, id: "OP-08", code: "leader-jump", reaction: "ramp" },
      holds: leading && !(step.distance <= jump.distance && step.speed <= jump.speed),
      detail: () => `${degrees(step.distance)} degrees at ${degrees(step.speed)} deg/s from one reading to the next`,
    },
    {
      ...{ ...row, id: "OP-09", code: "leader-lost", reaction: "ramp" },
      holds: leading && !(age <= mostAge),
      detail: () => `the leader's last reading came ${milliseconds(age)} ago`,
    },
    {
      ...{ ...row, id: "OP-09", code: "leader-late", reaction: "slow" },
      holds: leading && !(age <= late),
      detail: () => `the leader's last reading came ${milliseconds(age)} ago`,
    },
    {
      ...{ ...row, id: "OP-09", code: "leader-frozen", reaction: "ramp" },
      holds: leading && sameFor >= frozen.lasting && !(wentMeanwhile <= frozen.commanded),
      detail: () => `the same reading for ${milliseconds(sameFor)}, and the arm went ${degrees(wentMeanwhile)} degrees`,
    },
    {
      ...{ ...row, id: "OP-07", code: "leader-apart", reaction: "ramp" },
      holds: leading && !(apart <= refused),
      detail: () => `leader and arm are ${degrees(apart)} degrees apart`,
    },
  ];
}

function degrees(radians: number): string {
  return ((radians * 180) / Math.PI).toFixed(1);
}

function milliseconds(time: Seconds): string {
  return Number.isFinite(time) ? `${(time * 1000).toFixed(0)} ms` : "ages";
}
