import type { StopCode } from "../../daemon/arm/stop-codes.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import {
  type Budget,
  type Expectation,
  type FaultCase,
  MOVING,
  type Outcome,
  type Trial,
  type TrialMode,
  type Visible,
} from "./cases/case.js";
import { violationsOf } from "./history/check-history.js";
import { reactionTo } from "./history/reaction.js";
import { type RunHistory, STOPS, type Violation } from "./history/run-history.js";
import { type FaultRig, pause } from "./rig/fault-rig.js";
import { lead, leadAway } from "./rig/leader.js";

/** One run of one trial, judged. */
export interface TrialResult {
  readonly caseId: number;
  readonly trial: string;
  readonly mode: TrialMode;
  readonly seed: number;
  /** ms from the fault's visibility; null where there was none. */
  readonly reactionMs: number | null;
  readonly stillMs: number | null;
  readonly budget: Budget;
  /** What was not as expected, in words. */
  readonly problems: readonly string[];
  /** Promises that the record breaks. */
  readonly violations: readonly Violation[];
}

/** A run and everything that was recorded of it. */
export interface JudgedTrial {
  readonly result: TrialResult;
  readonly visibleAt: Instant;
  readonly history: RunHistory;
}

/** How long the record goes on after a fault. */
const WATCH: Seconds = 1.2;
/** A fault comes up to this long after the motion began. */
const PHASE: Seconds = 1.2;
/** What a stop of the catalogue may take to stand (safety.md §4.2, the longest). */
const STANDSTILL: Seconds = 0.55;

/** Brings the system into the mode, injects the fault at a random phase, and judges the record. */
export async function runTrial(
  rig: FaultRig,
  row: FaultCase,
  trial: Trial,
  mode: TrialMode,
  seed: number,
): Promise<JudgedTrial> {
  const random = createRandom(seed);
  const context = { rig, mode, random, run: seed };
  const budget = trial.budget ?? row.budget;
  await bring(rig, mode, seed, random.between(0, PHASE));
  await rig.takeHistory();
  rig.line.set({});
  const visible = await trial.inject(context);
  await pause(trial.watch ?? WATCH);
  const more = (await trial.after?.(context)) ?? [];
  const history = await rig.takeHistory();
  const visibleAt = instantOf(visible, history);
  const reaction = reactionTo(history, visibleAt, rig.bounds, visibleAt + (trial.within ?? Infinity));
  const outcome: Outcome = { ...context, history, visibleAt, reaction };
  const left = trial.expect === "left" ? leftAt(history, visibleAt) : null;
  // Of a fault that must not stop the arm, or at a standing arm, there is nothing to time.
  const timed = trial.expect !== "undisturbed" && mode !== "standby";
  const reactionMs = timed ? toMs(trial.expect === "left" ? left : reaction.reaction) : null;
  const stillMs = timed ? toMs(reaction.still) : null;
  const problems = [
    ...unexpected(trial, outcome, left),
    ...overBudget(trial.expect, reactionMs, stillMs, budget),
    ...more,
    ...(trial.judge?.(outcome) ?? []),
  ];
  const result: TrialResult = {
    ...{ caseId: row.id, trial: trial.name, mode, seed, reactionMs, stillMs, budget, problems },
    violations: violationsOf(history, rig.bounds, STANDSTILL).filter(
      ({ check }) => trial.breaks?.includes(check) !== true,
    ),
  };
  return { result, visibleAt, history };
}

async function bring(rig: FaultRig, mode: TrialMode, seed: number, phase: Seconds): Promise<void> {
  switch (mode) {
    case "standby":
      // What must be refused in it must not be refused for another reason.
      await rig.ready();
      return;
    case "hold":
      await rig.goHome();
      await pause(phase / 4);
      return;
    case "policy":
      if (rig.awayFromHome() > FAR) {
        await rig.goHome();
        await rig.lab.reset(seed, "nominal", 0);
      }
      await rig.followPolicy(seed);
      await pause(phase);
      await rig.moving();
      return;
    case "teleop":
      if (rig.awayFromHome() > FAR) {
        await rig.goHome();
      }
      await lead(rig);
      await pause(phase);
      await rig.moving();
      return;
    case "homing":
      // Somewhere else first: the way home is the motion.
      if (rig.hand === null) {
        await rig.followPolicy(seed);
        await pause(AWAY);
        await rig.operator.held({ type: "pause" });
      } else {
        await rig.goHome();
        await leadAway(rig);
      }
      await rig.startHoming();
      await rig.moving();
      await pause(phase / 8);
      return;
  }
}

/** Farther from home than this a policy may have begun what it cannot begin again, rad: 15 degrees. */
const FAR = 0.26;

/** A policy goes twenty degrees and more in this time: homing takes more than a second. */
const AWAY: Seconds = 2.5;

function instantOf(visible: Visible, history: RunHistory): Instant {
  if (typeof visible === "number") {
    return visible;
  }
  const pushAfter = (at: Instant): Instant => history.pushes.find(({ sampledAt }) => sampledAt >= at)?.at ?? at;
  if ("pushAfter" in visible) {
    return pushAfter(visible.pushAfter);
  }
  const mark = history.marks.find(({ what }) => what === visible.mark)?.at ?? Number.NaN;
  return visible.seen === "at-once" ? mark : pushAfter(mark);
}

/** Time until the daemon's own account says that the arm is not moved any more; null for never. */
function leftAt({ reports }: RunHistory, visibleAt: Instant): Seconds | null {
  const report = reports.find(({ at, mode }) => at >= visibleAt && !MOVING.some((moving) => moving === mode));
  return report === undefined ? null : Math.min(report.at, report.stops[0]?.at ?? Infinity) - visibleAt;
}

function unexpected({ expect, mayRampBy }: Trial, outcome: Outcome, left: Seconds | null): readonly string[] {
  const { history, visibleAt, reaction } = outcome;
  switch (expect) {
    case "checked":
      return [];
    case "stop":
      return history.commands.some(({ at, command }) => at >= visibleAt && STOPS.includes(command))
        ? []
        : ["no stop reached the arm"];
    case "rest":
      // One that was told to stand already has nothing to react with, and stands as soon as it has followed.
      return reaction.kind === "none" && reaction.still === null ? ["the arm did not come to rest"] : [];
    case "left":
      return left === null ? ["the motion was not left"] : [];
    case "undisturbed":
      return disturbed(outcome, mayRampBy ?? null);
  }
}

/** Why an arm that should go on did not. */
function disturbed({ history, visibleAt, mode }: Outcome, mayRampBy: StopCode | null): readonly string[] {
  const stops = new Set(
    history.reports
      .flatMap((report) => report.stops)
      .filter(({ at }) => at >= visibleAt)
      .map(({ code }) => code),
  );
  const ramped = mayRampBy !== null && stops.delete(mayRampBy);
  const commanded = history.commands.filter(({ at, command }) => at >= visibleAt && STOPS.includes(command));
  const last = history.commands.at(-1);
  const silent =
    !ramped &&
    (mode === "policy" || mode === "teleop") &&
    (last === undefined || (history.cycles.at(-1)?.at ?? 0) - last.at > 0.2);
  return [
    ...[...stops].map((code) => `a nuisance stop: ${code}`),
    ...(commanded.length > 0 ? [`${commanded.length} nuisance stop commands`] : []),
    ...(silent ? ["the stream ended"] : []),
  ];
}

function overBudget(
  expect: Expectation,
  reactionMs: number | null,
  stillMs: number | null,
  budget: Budget,
): readonly string[] {
  if (expect === "undisturbed") {
    return [];
  }
  const problems: string[] = [];
  if (budget.reaction !== null && reactionMs !== null && reactionMs > budget.reaction) {
    problems.push(`reaction ${reactionMs.toFixed(1)} ms, budget ${budget.reaction}`);
  }
  if (budget.still !== null && stillMs === null && expect !== "checked") {
    problems.push(`not still within what was watched, budget ${budget.still}`);
  } else if (budget.still !== null && stillMs !== null && stillMs > budget.still) {
    problems.push(`still after ${stillMs.toFixed(0)} ms, budget ${budget.still}`);
  }
  return problems;
}

function toMs(seconds: Seconds | null): number | null {
  return seconds === null ? null : Number((seconds * 1000).toFixed(2));
}
