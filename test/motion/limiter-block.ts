import { freshGuard, guard } from "../../daemon/guard/guard.js";
import { type MotionLimits, plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { clearStep } from "../../daemon/motion/clear-step.js";
import { type Demand, limitedStep } from "../../daemon/motion/limiter.js";
import { type MotionState, movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import { type StoppingRamp, stoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { demandAt, isExhausted, type Timeline, takeChunk } from "../../daemon/motion/timeline.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import { type JointPosition, type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { randomSource } from "../random-source.js";

/** How demands are made: jumps anywhere, or chunks that replace one another; `clear` goes through `clearStep` as well. */
export type BlockKind = "wild" | "chunks" | "clear";

/** A block is repeatable by its number alone: seed, kind, period and limits follow from it. */
export interface BlockResult {
  readonly block: number;
  readonly kind: BlockKind;
  /** Steps of all seven joints. */
  readonly steps: number;
  /** Stopping ramps that were followed to their end. */
  readonly ramps: number;
  /** The first few, in words. */
  readonly violations: readonly string[];
}

/** Every so many blocks goes through the cell, which takes ten times as long. */
const CLEAR_EVERY = 20;
/** One stopping ramp in so many steps. */
const RAMP_EVERY = 200;
const MOST_VIOLATIONS = 5;
const HOME = jointPosition([0, 10, 0, 75, 0, 95, 0].map((angle) => (angle * Math.PI) / 180));
const STOP = plannerLimits(LIMITS.stop);

/** Runs block number `block`; the kind of its demands by the number too. */
export function runBlock(block: number, steps: number): BlockResult {
  if (block % CLEAR_EVERY === CLEAR_EVERY - 1) {
    return clearBlock(block, Math.ceil(steps / 10));
  }
  const kind = block % 2 === 0 ? "wild" : "chunks";
  const period = block % 4 < 2 ? 0.01 : 0.005;
  const limits = plannerLimits(block % 8 < 4 ? LIMITS.policy : LIMITS.home);
  const random = randomSource(block);
  const demandOf = kind === "wild" ? wildDemands(random) : chunkDemands(random, limits, period);
  const violations: string[] = [];
  let ramps = 0;
  let state = standingAt(mapJoints(ZERO, (_, joint) => (2 * random() - 1) * jointAt(limits.highest, joint)));
  for (let step = 0; step < steps && violations.length < MOST_VIOLATIONS; step++) {
    const next = limitedStep(state, demandOf(state, step), limits, period);
    violations.push(...violationsOf(state, next, limits, period).map((words) => `step ${step}: ${words}`));
    if (step % RAMP_EVERY === 0) {
      const end = stoppingRamp(next, STOP, period).at(-1) ?? next.q;
      violations.push(...outside(end, STOP).map((words) => `ramp after step ${step}: ${words}`));
      ramps += 1;
    }
    state = next;
  }
  return { block, kind, steps, ramps, violations };
}

/** Follows wild demands through the cell; the guard is the judge, and judges whole stopping ramps as well. */
function clearBlock(block: number, steps: number): BlockResult {
  const random = randomSource(block);
  const period = 0.01;
  const rules = { limits: plannerLimits(LIMITS.policy), cell: plannerCell(LIMITS.cell), period };
  const violations: string[] = [];
  let ramps = 0;
  let state = standingAt(HOME);
  let braking: StoppingRamp = [];
  let demand: Demand = { q: HOME, v: ZERO };
  for (let step = 0; step < steps && violations.length < MOST_VIOLATIONS; step++) {
    if (random() < 0.02) {
      const reach = random() < 0.2 ? 6 : 1.6;
      demand = {
        q: mapJoints(HOME, (angle) => angle + (2 * random() - 1) * reach),
        v: mapJoints(ZERO, () => (random() < 0.5 ? 0 : 2 * random() - 1)),
      };
    }
    const next = clearStep(state, braking, demand, rules);
    const after = movedTo(state, next.q, period);
    violations.push(...refusals(state, [next.q], "policy", period).map((words) => `step ${step}: ${words}`));
    if (step % RAMP_EVERY === 0) {
      const ramp = stoppingRamp(after, STOP, period);
      violations.push(...refusals(after, ramp, "stop", period).map((words) => `ramp after step ${step}: ${words}`));
      ramps += 1;
    }
    braking = next.braking;
    state = after;
  }
  return { block, kind: "clear", steps, ramps, violations };
}

/** What the guard says against a row of setpoints that goes on from `state`, up to the first it refuses. */
function refusals(
  state: MotionState,
  path: readonly JointVector[],
  source: "policy" | "stop",
  period: number,
): readonly string[] {
  let now = 100;
  let memory = { ...freshGuard(period, LIMITS), last: { ...state, dueAt: now } };
  for (const q of path) {
    now += period;
    const measured = jointPosition(q);
    const [next, verdict] = guard(memory, {
      ...{ now, mode: "policy", epoch: 1, operatorSeenAt: now, leaderSeenAt: now, guardianSeenAt: now },
      proposed: { source, epoch: 1, dueAt: now, q: measured },
      arm: {
        ...{ receivedAt: now, measured, status: "idle", systemErrors: [] },
        ...{ jointErrors: ZERO, jointEnabled: ZERO.map(() => true), health: null, link: QUIET_LINK },
      },
    });
    if (verdict.kind === "refuse" || next.last === null) {
      return [JSON.stringify(verdict)];
    }
    memory = { ...next, last: next.last };
  }
  return [];
}

/** Jumps anywhere, also far beyond every limit; long pushes against the position limits; noise. */
function wildDemands(random: () => number): (state: MotionState, step: number) => Demand {
  let demand: Demand = { q: ZERO, v: ZERO };
  return (state) => {
    if (random() < 0.03) {
      const wild = random() < 0.3 ? 100 : 3.5;
      demand = {
        q: mapJoints(ZERO, () => (2 * random() - 1) * wild),
        v: mapJoints(ZERO, () => (random() < 0.5 ? 0 : (2 * random() - 1) * wild)),
      };
    } else if (random() < 0.1) {
      demand = { ...demand, q: mapJoints(state.q, (q) => q + (2 * random() - 1) * 0.02) };
    }
    return demand;
  };
}

/** Chunks of five targets that replace one another at any moment, some late, some far off, with gaps between. */
function chunkDemands(
  random: () => number,
  limits: MotionLimits,
  period: number,
): (state: MotionState, step: number) => Demand {
  let timeline: Timeline | null = null;
  return (state, step) => {
    const now = step * period;
    if (random() < (2 * period) / 0.1) {
      const apart = 0.05 + random() * 0.1;
      const late = random() * 0.4;
      const stride = random() < 0.1 ? 3 : 0.12;
      let q: JointPosition = jointPosition(state.q);
      const targets = [1, 2, 3, 4, 5].map((count) => {
        q = jointPosition(mapJoints(q, (angle) => angle + (2 * random() - 1) * stride));
        return { dueAt: now - late + count * apart, q, gripper: random() };
      });
      const chunk = { id: step, epoch: 1, capturedAt: now - late, period: apart, targets };
      const from = timeline === null || isExhausted(timeline, now) ? state : demandAt(timeline, now);
      timeline = takeChunk(timeline, chunk, now, from) ?? timeline;
    }
    if (timeline === null) {
      return { q: mapJoints(state.q, (q, joint) => Math.min(q, jointAt(limits.highest, joint))), v: ZERO };
    }
    return demandAt(timeline, now + period);
  };
}

/** Bounds that the step breaks, found from positions alone, as the arm would see them. */
function violationsOf(before: MotionState, after: MotionState, limits: MotionLimits, period: number): string[] {
  const found = outside(after.q, limits);
  const check = (what: string, joint: number, value: number, most: number, slack: number): void => {
    if (!(Math.abs(value) <= most + slack)) {
      found.push(`${what} of J${joint + 1} is ${value}, at most ${most}`);
    }
  };
  for (let joint = 0; joint < 7; joint++) {
    const v = (jointAt(after.q, joint) - jointAt(before.q, joint)) / period;
    const a = (v - jointAt(before.v, joint)) / period;
    const j = (a - jointAt(before.a, joint)) / period;
    check("velocity", joint, v, jointAt(limits.velocity, joint), 1e-9);
    check("acceleration", joint, a, jointAt(limits.acceleration, joint), 1e-7);
    check("jerk", joint, j, jointAt(limits.jerk, joint), 1e-4);
  }
  return found;
}

function outside(q: JointVector, limits: MotionLimits): string[] {
  const found: string[] = [];
  for (let joint = 0; joint < 7; joint++) {
    const angle = jointAt(q, joint);
    if (!(angle <= jointAt(limits.highest, joint) + 1e-9 && angle >= jointAt(limits.lowest, joint) - 1e-9)) {
      found.push(`J${joint + 1} stands at ${angle}, beyond ${jointAt(limits.highest, joint)}`);
    }
  }
  return found;
}
