import { hostClock } from "../../daemon/ports/clock.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { CASES } from "./cases/all-cases.js";
import type { FaultCase, Trial } from "./cases/case.js";
import { violationsOf } from "./history/check-history.js";
import { heldUp } from "./history/held-up.js";
import type { Report, RunHistory, Violation } from "./history/run-history.js";
import { FaultRig, pause } from "./rig/fault-rig.js";
import type { RigNeeds, RigOptions } from "./rig/start-tapped.js";
import { runTrial } from "./run-trial.js";

/** How a soak is run. */
export interface SoakOptions extends Omit<RigOptions, keyof RigNeeds> {
  readonly minutes: number;
  readonly seed: number;
  /** Without faults: every stop is one too many. */
  readonly quiet: boolean;
  readonly progress: (words: string) => void;
  /** A record that holds a stop which no fault explains; `name` has its code and second. */
  readonly onStop: (name: string, history: RunHistory) => void;
  readonly signal: AbortSignal;
}

/** What a soak showed. */
export interface SoakFigures {
  readonly minutes: number;
  readonly faults: number;
  readonly tasks: number;
  readonly frames: number;
  /** Stops that nothing explains, by their code and second. */
  readonly nuisance_stops: readonly string[];
  /** Stops that no injected fault explains but the record does, and how. */
  readonly explained_stops: readonly string[];
  readonly problems: readonly string[];
  readonly violations: readonly string[];
}

const NEEDS: RigNeeds = { holdToRun: false, leader: "none", cameras: true };
/** A fault comes this often. */
const FAULT_EVERY: Seconds = 30;
/** The record is judged at least this often, so that it stays small. */
const JUDGE_EVERY: Seconds = 10;
const STANDSTILL: Seconds = 0.55;
/** Longest watch of a fault that a soak draws. */
const LONGEST_WATCH: Seconds = 3;

/** Follows task after task, with a random fault every 30 s where faults are wanted; C1 to C8 are judged throughout. */
export async function soak(options: SoakOptions): Promise<SoakFigures> {
  const random = createRandom(options.seed);
  const endsAt = hostClock.now() + options.minutes * 60;
  const startedAt = hostClock.now();
  const figures = { faults: 0, tasks: 0, frames: 0 };
  const nuisance: string[] = [];
  const explained: string[] = [];
  const problems: string[] = [];
  const violations: string[] = [];
  const drawn = drawable();
  let rig = await FaultRig.start({ ...options, ...NEEDS });
  const keep = (what: string, found: readonly Violation[]): void => {
    violations.push(...found.map(({ check, detail }) => `${what}: ${check}: ${detail}`));
  };
  let since = startedAt;
  const judge = async (): Promise<void> => {
    const history = await rig.takeHistory();
    figures.frames += history.commands.filter(({ command }) => command === "movej_canfd").length;
    const stops = history.reports.flatMap((report) => report.stops).filter(({ at }) => at >= since);
    since = hostClock.now();
    const found = new Map(stops.map((stop) => [`${stop.code} at ${(stop.at - startedAt).toFixed(0)} s`, stop]));
    for (const [name, stop] of found) {
      const cause = causeOf(stop, history);
      if (cause === null) {
        nuisance.push(name);
      } else {
        explained.push(`${name}: ${cause}`);
      }
      options.onStop(name, history);
    }
    keep("between faults", violationsOf(history, rig.bounds, STANDSTILL));
    if (found.size > 0) {
      await rig.recover();
    }
  };
  const renew = async (): Promise<void> => {
    await rig.close();
    rig = await FaultRig.start({ ...options, ...NEEDS });
    since = hostClock.now();
  };
  try {
    while (hostClock.now() < endsAt && !options.signal.aborted) {
      const faultAt = options.quiet ? endsAt : Math.min(endsAt, hostClock.now() + FAULT_EVERY);
      while (hostClock.now() < faultAt && !options.signal.aborted) {
        figures.tasks += 1;
        try {
          await workFor(rig, figures.tasks, Math.min(JUDGE_EVERY, faultAt - hostClock.now()));
          await judge();
        } catch (error) {
          problems.push(`task ${figures.tasks}: ${messageOf(error)}; ${rig.inWords()}`);
          await renew();
        }
        options.progress(
          `${minutesSince(startedAt)} min: ${figures.tasks} tasks, ${figures.frames} setpoints, ` +
            `${nuisance.length} nuisance stops, ${explained.length} explained, ${violations.length} broken promises`,
        );
      }
      if (options.quiet || hostClock.now() >= endsAt || options.signal.aborted) {
        continue;
      }
      const chosen = drawn[random.index(drawn.length)];
      if (chosen === undefined) {
        throw new RangeError("there is no fault to draw");
      }
      const { row, trial } = chosen;
      const seed = options.seed + figures.faults;
      figures.faults += 1;
      const name = `fault ${figures.faults}, case ${row.id} ${trial.name}, seed ${seed}`;
      options.progress(`${minutesSince(startedAt)} min: ${name}`);
      try {
        const { result } = await runTrial(rig, row, trial, "policy", seed);
        problems.push(...result.problems.map((problem) => `${name}: ${problem}`));
        keep(name, result.violations);
        await rig.recover();
        await rig.takeHistory();
        since = hostClock.now();
      } catch (error) {
        problems.push(`${name}: ${messageOf(error)}; ${rig.inWords()}`);
        await renew();
      }
    }
  } finally {
    await rig.close();
  }
  const minutes = Number(((hostClock.now() - startedAt) / 60).toFixed(2));
  return { minutes, ...figures, nuisance_stops: nuisance, explained_stops: explained, problems, violations };
}

/** Stops that say of a policy that it asks for what it may not. */
const ASKED_FOR: readonly string[] = ["policy-out-of-range", "policy-jumps", "out-of-envelope", "oscillation"];

/** Stops that say of the arm that it does not move as it was told. */
const NOT_AS_TOLD: readonly string[] = ["overspeed", "cartesian-overspeed", "joint-stuck", "joint-current"];

/** What brought a stop about where no fault was injected, in words; null where nothing is known. */
function causeOf({ code, at }: Report["stops"][number], history: RunHistory): string | null {
  const held = NOT_AS_TOLD.includes(code) ? heldUp(history, at) : null;
  if (held !== null) {
    return `the arm had met something, J${held.joint + 1} was ${held.by.toFixed(1)} deg from all that it was told`;
  }
  return ASKED_FOR.includes(code) ? "the policy's own doing" : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function minutesSince(instant: Instant): string {
  return ((hostClock.now() - instant) / 60).toFixed(1);
}

/** Trials with the policy that leave every process running. */
function drawable(): readonly { readonly row: FaultCase; readonly trial: Trial }[] {
  return CASES.flatMap((row) => row.trials.map((trial) => ({ row, trial }))).filter(
    ({ trial }) =>
      trial.fresh !== true &&
      trial.holdToRun !== true &&
      trial.modes.includes("policy") &&
      (trial.watch ?? 0) <= LONGEST_WATCH &&
      trial.expect !== "checked",
  );
}

/** Goes home and follows a task for so long. */
async function workFor(rig: FaultRig, task: number, seconds: Seconds): Promise<void> {
  const until = hostClock.now() + seconds;
  await rig.goHome();
  await rig.lab.reset(task, "nominal", 0);
  await rig.followPolicy(task);
  await pause(Math.max(0, until - hostClock.now()));
}
